// Tells screen readers what began and ended. Much at once is told as a count.

import { say } from './sentences.js';

const GATHER_MS = 700;
const MOST_SENTENCES = 3;

export class Announcer {
  #element;
  #waiting = [];

  constructor(element) {
    this.#element = element;
  }

  // `kind` is `done` or `failed` for ends, which can be counted.
  say(sentence, kind = 'other') {
    this.#waiting.push({ sentence, kind });
    if (this.#waiting.length === 1) setTimeout(() => this.#tell(), GATHER_MS);
  }

  #tell() {
    const gathered = this.#waiting;
    this.#waiting = [];
    const count = (kind) => gathered.filter((one) => one.kind === kind).length;
    const sentences =
      gathered.length > MOST_SENTENCES
        ? [...gathered.filter((one) => one.kind === 'other').slice(-1).map((one) => one.sentence), say('announceMany', { done: count('done'), failed: count('failed') })]
        : gathered.map((one) => one.sentence);
    this.#element.textContent = sentences.join(' ');
  }
}
