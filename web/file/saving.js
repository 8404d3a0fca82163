// The state of a download: how far it is, and how it ended.

import { Awake } from '../common/awake.js';
import { bytes, timeLeft } from '../common/numbers.js';
import { Opener } from './opener.js';
import { say } from '../common/sentences.js';
import { Speed } from '../common/speed.js';

const DRAW_EVERY_MS = 250;

/** @import { Failure, How } from '../module/report.js' */
/** @import { OpenerMessage } from './opener.js' */

/** @typedef {'ready' | 'saving' | 'done' | 'failed' | 'cancelled'} SavingState */

/** @typedef {SavingState | 'progress' | 'credential-needed'} Told The message to the page: the new state, progress, or that an API key is needed. */

/** @typedef {{ how: How, name: string, address?: string }} Outcome */

export class Saving {
  /** @type {SavingState} */
  state = 'ready';
  opened = 0;
  size = 0;
  isRetrying = false;
  /** @type {Failure | undefined} */
  failure;
  /** @type {Outcome | undefined} */
  outcome;
  /** @type {Opener | undefined} */
  #opener;
  /** @type {string | undefined} */
  #apiKey;
  #told;
  #speed = new Speed();
  #awake = new Awake(() => this.state === 'saving');
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  // Whether the person has picked where to save, so that the download runs.
  #hasBegun = false;

  /**
   * `told` is called after each change. After `credential-needed` the download waits for an API key or `logInDeclined`.
   *
   * @param {(what: Told) => void} told
   */
  constructor(told) {
    this.#told = told;
    // The opener is made now, so that its module is loaded when the button is pressed.
    this.#opener = this.#made();
  }

  /** @param {string | undefined} apiKey */
  logIn(apiKey) {
    this.#apiKey = apiKey;
    this.#opener?.logIn(apiKey);
  }

  logInDeclined() {
    this.#opener?.logInDeclined();
  }

  /**
   * Call it in a click, because browsers open their dialog only then.
   *
   * @param {{ id: string, name: string, size: number }} file
   */
  begin({ id, name, size }) {
    this.opened = 0;
    this.size = size;
    this.isRetrying = false;
    this.#hasBegun = false;
    this.failure = undefined;
    this.outcome = undefined;
    this.#speed.forget();
    this.#opener ??= this.#made();
    // A file whose name the server could not read is saved under its id.
    this.#opener.save(id, name || id, size);
    this.#enter('saving');
  }

  cancel() {
    if (this.state === 'saving') this.#opener?.cancel();
  }

  // Returns the sentence about the progress of the download.
  get status() {
    if (!this.#hasBegun && globalThis.showSaveFilePicker) return say('pickPlace');
    const words = [say(this.isRetrying ? 'retrying' : 'saving'), say('openedOf', { opened: bytes(this.opened), size: bytes(this.size) })];
    const perSecond = this.isRetrying ? 0 : this.#speed.perSecond();
    if (perSecond > 0) words.push(say('perSecond', { amount: bytes(perSecond) }), timeLeft((this.size - this.opened) / perSecond));
    return words.join(' · ');
  }

  #made() {
    /** @type {Opener} */
    const opener = new Opener((message) => opener === this.#opener && this.#hear(message));
    if (this.#apiKey) opener.logIn(this.#apiKey);
    return opener;
  }

  /** @param {OpenerMessage} message */
  #hear(message) {
    switch (message.type) {
      case 'progress':
        this.#hasBegun = true;
        if (message.opened > this.opened) this.isRetrying = false;
        this.opened = message.opened;
        this.#speed.note(message.opened);
        this.#tellSoon();
        break;
      case 'retrying':
        this.#hasBegun = true;
        this.isRetrying = true;
        this.#speed.forget();
        this.#tellSoon();
        break;
      case 'done':
        this.outcome = message;
        this.opened = this.size;
        this.#enter('done');
        break;
      case 'failed':
        this.#fail(message.failure);
        break;
      case 'cancelled':
        this.#enter('cancelled');
        break;
      case 'credential-needed':
        this.#told('credential-needed');
        break;
      case 'stopped':
        // `begin` makes the next opener. Making it here would loop if it cannot start.
        this.#opener = undefined;
        if (this.state === 'saving') this.#fail(message.failure);
    }
  }

  /** @param {Failure} failure */
  #fail(failure) {
    this.failure = failure;
    this.#enter('failed');
  }

  /** @param {SavingState} state */
  #enter(state) {
    this.state = state;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#awake.look();
    this.#told(state);
  }

  // Figures change faster than anybody can read them.
  #tellSoon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#told('progress');
    }, DRAW_EVERY_MS);
  }
}
