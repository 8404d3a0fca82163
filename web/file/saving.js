// The state of a download: how far it is, and how it ended.

import { Awake } from '../common/awake.js';
import { bytes, timeLeft } from '../common/numbers.js';
import { Opener } from './opener.js';
import { say } from '../common/sentences.js';
import { Speed } from '../common/speed.js';

const DRAW_EVERY_MS = 250;

export class Saving {
  state = 'ready';
  opened = 0;
  size = 0;
  isRetrying = false;
  failure;
  // The result: `how`, `name` and, for some, `address`, as in opener.js.
  outcome;
  #opener;
  #apiKey;
  #told;
  #speed = new Speed();
  #awake = new Awake(() => this.state === 'saving');
  #timer;
  // Whether the person has picked where to save, so that the download runs.
  #hasBegun = false;

  // `told(what)` is called after each change: with `progress`, with the new state (`saving`, `done`, `failed` or
  // `cancelled`), or with `credential-needed` if it waits for an API key or `logInDeclined`.
  constructor(told) {
    this.#told = told;
    // The opener is made now, so that its module is loaded when the button is pressed.
    this.#make();
  }

  logIn(apiKey) {
    this.#apiKey = apiKey;
    this.#opener?.logIn(apiKey);
  }

  logInDeclined() {
    this.#opener?.logInDeclined();
  }

  // Call it in a click, because browsers open their dialog only then.
  begin({ id, name, size }) {
    this.opened = 0;
    this.size = size;
    this.isRetrying = false;
    this.#hasBegun = false;
    this.failure = undefined;
    this.outcome = undefined;
    this.#speed.forget();
    if (!this.#opener) this.#make();
    // A file whose name the server could not read is saved under its id.
    this.#opener.save(id, name || id, size);
    this.#enter('saving');
  }

  cancel() {
    if (this.state === 'saving') this.#opener.cancel();
  }

  // Says how far it is.
  get status() {
    if (!this.#hasBegun && globalThis.showSaveFilePicker) return say('pickPlace');
    const words = [say(this.isRetrying ? 'retrying' : 'saving'), say('openedOf', { opened: bytes(this.opened), size: bytes(this.size) })];
    const perSecond = this.isRetrying ? 0 : this.#speed.perSecond();
    if (perSecond > 0) words.push(say('perSecond', { amount: bytes(perSecond) }), timeLeft((this.size - this.opened) / perSecond));
    return words.join(' · ');
  }

  #make() {
    const opener = new Opener((message) => opener === this.#opener && this.#hear(message));
    this.#opener = opener;
    if (this.#apiKey) opener.logIn(this.#apiKey);
  }

  #hear(message) {
    this.#heard[message.type]?.(message);
  }

  #heard = {
    progress: ({ opened }) => {
      this.#hasBegun = true;
      if (opened > this.opened) this.isRetrying = false;
      this.opened = opened;
      this.#speed.note(opened);
      this.#tellSoon();
    },
    retrying: () => {
      this.#hasBegun = true;
      this.isRetrying = true;
      this.#speed.forget();
      this.#tellSoon();
    },
    done: ({ how, name, address }) => {
      this.outcome = { how, name, address };
      this.opened = this.size;
      this.#enter('done');
    },
    failed: ({ failure }) => this.#fail(failure),
    cancelled: () => this.#enter('cancelled'),
    'credential-needed': () => this.#told('credential-needed'),
    // The next download makes another opener. One that cannot start would otherwise be made again and again.
    stopped: ({ failure }) => {
      this.#opener = undefined;
      if (this.state === 'saving') this.#fail(failure);
    },
  };

  #fail(failure) {
    this.failure = failure;
    this.#enter('failed');
  }

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
