// Announces to screen readers what began and ended. Many announcements at once become a count.

import { say } from './sentences.js';

const GATHER_MS = 700;
const MOST_SENTENCES = 3;

/** @typedef {(sentence: string, kind?: Kind) => void} Announce */

/** @typedef {'done' | 'failed' | 'other'} Kind an end, which can be counted, or something else */

export class Announcer {
  #element;
  /** @type {{ sentence: string, kind: Kind }[]} */
  #waiting = [];

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** @type {Announce} */
  say(sentence, kind = 'other') {
    this.#waiting.push({ sentence, kind });
    if (this.#waiting.length === 1) setTimeout(() => this.#tell(), GATHER_MS);
  }

  #tell() {
    const gathered = this.#waiting;
    this.#waiting = [];
    /** @param {Kind} kind */
    const count = (kind) => gathered.filter((one) => one.kind === kind).length;
    const many = gathered.length > MOST_SENTENCES;
    const told = many ? gathered.filter((one) => one.kind === 'other').slice(-1) : gathered;
    const sentences = told.map((one) => one.sentence);
    if (many && count('done') > 0) sentences.push(say('announceManyDone', { count: count('done') }));
    if (many && count('failed') > 0) sentences.push(say('announceManyFailed', { count: count('failed') }));
    this.#element.textContent = sentences.join(' ');
  }
}
