// One file on its way: all that is known of it. What is seen of it is row.js's.

import { shownName } from './names.js';
import { Speed } from './speed.js';

const RUNNING = new Set(['waiting', 'sealing', 'sending', 'checking', 'comparing']);
const ENDED = new Set(['done', 'failed', 'cancelled', 'left']);

export class Entry {
  state = 'waiting';
  // What it waits for, other than its turn: `network` or `credential`.
  reason;
  uploadId;
  // An unfinished upload of the same name and size, in the state `known`.
  known;
  backend;
  // How it goes to the worker: `add`, `resume` or `startAnew`.
  wish = 'add';
  // Who got it last.
  worker;
  // Whether that worker has it, and will tell how it ends.
  isHanded = false;
  // A wish of the person that the worker has not yet answered: `pausing` or `cancelling`.
  asked;
  isRetrying = false;
  sent = 0;
  // So much of that did not leave just now: it was stored already, or must be sent again.
  leapt = 0;
  compared = 0;
  toCompare = 0;
  failure;
  // Whether the upload that failed can go on.
  canGoOn = false;
  record;
  speed = new Speed();
  #goesOnAs = 'sealing';

  // `found` has `file`, `name` (with its folders) and, where the browser has such a thing, `handle`.
  constructor(id, { file, name, handle }) {
    this.id = id;
    this.file = file;
    this.sentName = name;
    this.handle = handle;
  }

  get name() {
    return shownName(this.sentName);
  }

  get isRunning() {
    return RUNNING.has(this.state);
  }

  get hasEnded() {
    return ENDED.has(this.state);
  }

  get canPause() {
    return this.isRunning && this.state !== 'checking';
  }

  get canContinue() {
    return this.state === 'paused' || this.state === 'left';
  }

  get canCancel() {
    return !this.hasEnded;
  }

  enter(state, reason) {
    if (['sealing', 'sending', 'checking', 'comparing'].includes(state)) this.#goesOnAs = state;
    if (state !== 'sending') this.speed.forget();
    if (state === 'checking') this.#leap(this.file.size);
    this.state = state;
    this.reason = reason;
    if (!this.isRunning || (state === 'checking' && this.asked === 'pausing')) this.asked = undefined;
    this.isRetrying = false;
  }

  // After a pause or a wait: as it was, until the worker tells more.
  goesOn() {
    this.enter(this.#goesOnAs);
  }

  progress(sent) {
    if (sent > this.sent) this.isRetrying = false;
    if (this.state !== 'sending') return this.#leap(sent);
    this.sent = sent;
    this.speed.note(sent);
  }

  // Begins anew.
  unsend() {
    this.#leap(0);
  }

  #leap(sent) {
    this.leapt += sent - this.sent;
    this.sent = sent;
  }

  comparing(compared, toCompare) {
    if (this.state !== 'comparing') this.enter('comparing');
    this.compared = compared;
    this.toCompare = toCompare;
  }

  done(record, contentPath) {
    this.record = record;
    this.address = new URL(contentPath, document.baseURI).href;
    this.#leap(this.file.size);
    this.enter('done');
  }

  failed(failure, canGoOn) {
    this.failure = failure;
    this.canGoOn = canGoOn;
    this.enter('failed');
  }
}
