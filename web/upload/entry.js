// The state of one file that is sent. row.js displays it.

import { shownName } from '../common/names.js';
import { Speed } from '../common/speed.js';

/** @import { FileRecord } from '../module/api.js' */
/** @import { Failure, Reason, State as ModuleState } from '../module/report.js' */
/** @import { FoundFile } from './folders.js' */
/** @import { UploadWorker } from './workers.js' */

/** @typedef {ModuleState | 'waiting' | 'comparing' | 'paused' | 'known' | 'unchecked' | 'done' | 'failed' | 'cancelled' | 'left'} State */

/** @type {Set<State>} */
const RUNNING = new Set(['waiting', 'sealing', 'sending', 'checking', 'comparing']);
/** @type {Set<State>} */
const ENDED = new Set(['done', 'failed', 'cancelled', 'left']);

export class Entry {
  /** @type {State} */
  state = 'waiting';
  /**
   * Why it waits, if not for its turn.
   *
   * @type {Reason | undefined}
   */
  reason;
  /** @type {string | undefined} */
  uploadId;
  /**
   * The id of an unfinished upload of the same name and size, in the state `known`.
   *
   * @type {string | undefined}
   */
  known;
  /** The backend of its worker. */
  backend = '';
  /**
   * The command that the worker gets.
   *
   * @type {'add' | 'resume' | 'startAnew'}
   */
  mode = 'add';
  /**
   * The worker that got it last.
   *
   * @type {UploadWorker | undefined}
   */
  worker;
  // Whether that worker has it, and will report its end.
  isHanded = false;
  /**
   * A command that the worker has not yet confirmed.
   *
   * @type {'pausing' | 'cancelling' | undefined}
   */
  asked;
  isRetrying = false;
  sent = 0;
  // The part of `sent` that was not sent just now: it was stored before, or must be sent again.
  leapt = 0;
  compared = 0;
  toCompare = 0;
  /** @type {Failure | undefined} */
  failure;
  // Whether the failed upload can be resumed.
  canGoOn = false;
  /** @type {FileRecord | undefined} */
  record;
  /** The address of the stored file. */
  address = '';
  speed = new Speed();
  /** @type {State} */
  #goesOnAs = 'sealing';

  /**
   * @param {number} id
   * @param {FoundFile} found
   */
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

  /**
   * @param {State} state
   * @param {Reason} [reason]
   */
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

  /** @param {number} sent */
  progress(sent) {
    if (sent > this.sent) this.isRetrying = false;
    if (this.state !== 'sending') {
      this.#leap(sent);
      return;
    }
    this.sent = sent;
    this.speed.note(sent);
  }

  // Counts from 0 again.
  unsend() {
    this.#leap(0);
  }

  /** @param {number} sent */
  #leap(sent) {
    this.leapt += sent - this.sent;
    this.sent = sent;
  }

  /**
   * @param {number} compared
   * @param {number} toCompare
   */
  comparing(compared, toCompare) {
    if (this.state !== 'comparing') this.enter('comparing');
    this.compared = compared;
    this.toCompare = toCompare;
  }

  /**
   * @param {FileRecord} record
   * @param {string} contentPath
   */
  done(record, contentPath) {
    this.record = record;
    this.address = new URL(contentPath, document.baseURI).href;
    this.#leap(this.file.size);
    this.enter('done');
  }

  /**
   * @param {Failure} failure
   * @param {boolean} canGoOn
   */
  failed(failure, canGoOn) {
    this.failure = failure;
    this.canGoOn = canGoOn;
    this.enter('failed');
  }
}
