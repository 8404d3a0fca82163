// How fast it goes, over the last few seconds.

const WINDOW_MS = 6000;
// Before that a speed is a guess.
const LEAST_MS = 1500;

export class Speed {
  #samples = [];

  // So many bytes in all have left by now.
  note(sent, now = performance.now()) {
    this.#samples.push({ sent, now });
    while (this.#samples.length > 2 && now - this.#samples[0].now > WINDOW_MS) this.#samples.shift();
  }

  // Bytes per second; 0 while it is not known.
  perSecond() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || last.now - first.now < LEAST_MS) return 0;
    return Math.max(0, ((last.sent - first.sent) * 1000) / (last.now - first.now));
  }

  // Begins anew.
  forget() {
    this.#samples = [];
  }
}
