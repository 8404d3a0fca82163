// While files are sent: the device does not fall asleep, and leaving the page is asked about.

export class Awake {
  #isSending;
  #isOn = false;
  #lock;

  // `isSending` says whether files are sent at this moment.
  constructor(isSending) {
    this.#isSending = isSending;
    // The browser takes the lock away from a page that is not seen.
    document.addEventListener('visibilitychange', () => this.#stay());
  }

  // To be called when something began or ended.
  look() {
    if (this.#isSending() === this.#isOn) return;
    this.#isOn = !this.#isOn;
    if (this.#isOn) {
      window.addEventListener('beforeunload', this.#warn);
      this.#stay();
    } else {
      // A page that listens for this is not kept for going back to.
      window.removeEventListener('beforeunload', this.#warn);
      this.#release();
    }
  }

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
      // Not everywhere, and not on an empty battery. Sending works without.
    }
  }

  #release() {
    this.#lock?.release();
    this.#lock = undefined;
  }
}
