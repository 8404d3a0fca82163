// Measures the speed over the last few seconds.

const WINDOW_MS = 6000;
// A speed over a shorter time would be a guess.
const LEAST_MS = 1500;

export class Speed {
  /** @type {{ sent: number, now: number }[]} */
  #samples = [];

  /**
   * Records that `sent` bytes in all were sent by now.
   *
   * @param {number} sent
   */
  note(sent, now = performance.now()) {
    this.#samples.push({ sent, now });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.now ?? now) > WINDOW_MS) this.#samples.shift();
  }

  // Returns bytes per second, or 0 while the speed is unknown.
  perSecond() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.now - first.now < LEAST_MS) return 0;
    return Math.max(0, ((last.sent - first.sent) * 1000) / (last.now - first.now));
  }

  // Starts measuring again.
  forget() {
    this.#samples = [];
  }
}
