// The state of one file that is sent. row.js displays it.

import { shownName } from '../common/names.js';
import { Speed } from '../common/speed.js';

const RUNNING = new Set(['waiting', 'sealing', 'sending', 'checking', 'comparing']);
const ENDED = new Set(['done', 'failed', 'cancelled', 'left']);

export class Entry {
  state = 'waiting';
  // Why it waits, if not for its turn: `network` or `credential`.
  reason;
  uploadId;
  // The id of an unfinished upload of the same name and size, in the state `known`.
  known;
  backend;
  // The command that the worker gets: `add`, `resume` or `startAnew`.
  wish = 'add';
  // The worker that got it last.
  worker;
  // Whether that worker has it, and will report its end.
  isHanded = false;
  // A command that the worker has not yet confirmed: `pausing` or `cancelling`.
  asked;
  isRetrying = false;
  sent = 0;
  // The part of `sent` that was not sent just now: it was stored before, or must be sent again.
  leapt = 0;
  compared = 0;
  toCompare = 0;
  failure;
  // Whether the failed upload can be resumed.
  canGoOn = false;
  record;
  speed = new Speed();
  #goesOnAs = 'sealing';

  // `found` has `file`, `name` (with its folders) and, if the browser gives one, `handle`.
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

  // Returns to the state before a pause or a wait, until the worker reports another.
  goesOn() {
    this.enter(this.#goesOnAs);
  }

  progress(sent) {
    if (sent > this.sent) this.isRetrying = false;
    if (this.state !== 'sending') return this.#leap(sent);
    this.sent = sent;
    this.speed.note(sent);
  }

  // Counts from 0 again.
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
