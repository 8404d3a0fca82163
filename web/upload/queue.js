// Gives the worker a limited number of files at a time, however many were chosen.

// This is enough to keep the worker busy, which has 48 small files under way.
const MOST_HANDED = 96;

/** @template Entry */
export class Queue {
  /** @type {Set<Entry>} */
  #waiting = new Set();
  /** @type {Set<Entry>} */
  #handed = new Set();
  #hand;

  /** @param {(entry: Entry) => void} hand gives an entry to its worker */
  constructor(hand) {
    this.#hand = hand;
  }

  /** @param {Entry} entry */
  put(entry) {
    this.#waiting.add(entry);
    this.#next();
  }

  /**
   * Frees the slots of entries that are done or paused.
   *
   * @param {Entry[]} entries
   */
  release(entries) {
    for (const entry of entries) {
      this.#waiting.delete(entry);
      this.#handed.delete(entry);
    }
    this.#next();
  }

  #next() {
    for (const entry of this.#waiting) {
      if (this.#handed.size >= MOST_HANDED) return;
      this.#waiting.delete(entry);
      this.#handed.add(entry);
      this.#hand(entry);
    }
  }
}
