// All files together: how many, how far, how fast.

import { bytes, timeLeft } from './numbers.js';
import { say } from './sentences.js';
import { Speed } from './speed.js';

export class Summary {
  #speed = new Speed();
  #text;
  #progress;

  constructor(text, progress) {
    this.#text = text;
    this.#progress = progress;
    progress.setAttribute('aria-label', say('progressAll'));
  }

  show(rows) {
    const running = rows.filter((row) => row.isRunning);
    const counted = rows.filter((row) => row.isRunning || row.state === 'done');
    const size = sum(counted, (row) => row.file.size);
    const sent = sum(counted, (row) => row.sent);
    const words = [rows.length === 1 ? say('summaryOne') : say('summaryMany', { count: rows.length })];
    const told = [['summaryDone', 'done'], ['summaryFailed', 'failed']];
    for (const [key, state] of told) {
      const count = rows.filter((row) => row.state === state).length;
      if (count > 0) words.push(say(key, { count }));
    }
    if (running.length > 0) {
      this.#speed.note(sent);
      words.push(say('sentOf', { sent: bytes(sent), size: bytes(size) }));
      const speed = this.#speed.perSecond();
      if (speed > 0) words.push(say('perSecond', { amount: bytes(speed) }), timeLeft((size - sent) / speed));
    } else {
      this.#speed.forget();
    }
    this.#progress.hidden = running.length === 0 || rows.length < 2;
    this.#progress.value = size === 0 ? 0 : sent / size;
    this.#text.textContent = words.join(' · ');
  }
}

function sum(rows, of) {
  return rows.reduce((total, row) => total + of(row), 0);
}
