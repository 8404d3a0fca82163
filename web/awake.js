// While files are sent: the device does not fall asleep, and leaving the page is asked about.

export class Awake {
  #isWanted = false;
  #lock;

  constructor() {
    // The browser takes the lock away from a page that is not seen.
    document.addEventListener('visibilitychange', () => this.#stay());
  }

  want(isWanted) {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    if (isWanted) {
      window.addEventListener('beforeunload', warn);
      this.#stay();
    } else {
      window.removeEventListener('beforeunload', warn);
      this.#release();
    }
  }

  async #stay() {
    if (!this.#isWanted || document.hidden) return;
    try {
      this.#release();
      this.#lock = await navigator.wakeLock?.request('screen');
      if (!this.#isWanted) this.#release();
    } catch {
      // Not everywhere, and not on an empty battery. Sending works without.
    }
  }

  #release() {
    this.#lock?.release();
    this.#lock = undefined;
  }
}

function warn(event) {
  event.preventDefault();
}
