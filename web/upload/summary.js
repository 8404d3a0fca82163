// Summarizes all files: how many, how far, how fast.

import { amount, bytes, timeLeft } from '../common/numbers.js';
import { say } from '../common/sentences.js';
import { Speed } from '../common/speed.js';

/** @import { Entry } from './entry.js' */

const STATES = /** @type {const} */ ({ done: 'summaryDone', failed: 'summaryFailed', paused: 'summaryPaused' });

export class Summary {
  #speed = new Speed();
  #text;
  #progress;

  /**
   * @param {HTMLElement} text
   * @param {HTMLProgressElement} progress
   */
  constructor(text, progress) {
    this.#text = text;
    this.#progress = progress;
    progress.setAttribute('aria-label', say('progressAll'));
  }

  /** @param {Entry[]} entries */
  show(entries) {
    let running = 0;
    let size = 0;
    let sent = 0;
    let leapt = 0;
    for (const { state, isRunning, file, sent: itsSent, leapt: itsLeapt } of entries) {
      if (isRunning) running += 1;
      if (!isRunning && state !== 'done' && state !== 'paused') continue;
      size += file.size;
      sent += itsSent;
      leapt += itsLeapt;
    }
    const words = [entries.length === 1 ? say('summaryOne') : say('summaryMany', { count: amount(entries.length) })];
    for (const state of /** @type {const} */ (['done', 'failed', 'paused'])) {
      const count = entries.filter((entry) => entry.state === state).length;
      if (count > 0) words.push(say(STATES[state], { count: amount(count) }));
    }
    if (running > 0) {
      this.#speed.note(sent - leapt);
      words.push(say('sentOf', { sent: bytes(sent), size: bytes(size) }));
      const speed = this.#speed.perSecond();
      if (speed > 0) words.push(say('perSecond', { amount: bytes(speed) }), timeLeft((size - sent) / speed));
    } else {
      this.#speed.forget();
    }
    this.#progress.hidden = running === 0 || entries.length < 2;
    this.#progress.value = size === 0 ? 0 : sent / size;
    this.#text.textContent = words.join(' · ');
  }
}
