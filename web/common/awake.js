// Keeps the device awake while files are sent, and has the browser ask before the page is left.

export class Awake {
  #isSending;
  #isOn = false;
  /** @type {WakeLockSentinel | undefined} */
  #lock;

  /** @param {() => boolean} isSending returns whether files are sent at this moment */
  constructor(isSending) {
    this.#isSending = isSending;
    // The browser releases the lock of a hidden page, so it is requested again.
    document.addEventListener('visibilitychange', () => this.#stay());
  }

  // Call this when something began or ended.
  look() {
    if (this.#isSending() === this.#isOn) return;
    this.#isOn = !this.#isOn;
    if (this.#isOn) {
      window.addEventListener('beforeunload', this.#warn);
      this.#stay();
    } else {
      // A page that listens for this event does not come back from the browser's back-forward cache.
      window.removeEventListener('beforeunload', this.#warn);
      this.#release();
    }
  }

  /** @param {Event} event */
  #warn = (event) => {
    if (this.#isSending()) event.preventDefault();
  };

  async #stay() {
    if (!this.#isOn || document.hidden) return;
    try {
      this.#release();
      const lock = await navigator.wakeLock?.request('screen');
      if (!this.#isOn || this.#lock) lock?.release();
      else this.#lock = lock;
    } catch {
      // Some browsers have no lock, or none at a low battery. Sending works without it.
    }
  }

  #release() {
    this.#lock?.release();
    this.#lock = undefined;
  }
}
