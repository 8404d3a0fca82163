// The files of this page. Passes the person's commands to the workers, and applies the workers' messages.

import { Entry } from './entry.js';
import { isGone } from './failures.js';
import { Queue } from './queue.js';

/** @import { Failure, Report } from '../module/report.js' */
/** @import { State } from './entry.js' */
/** @import { FoundFile } from './folders.js' */
/** @import { Handles } from './handles.js' */
/** @import { Workers } from './workers.js' */

/**
 * A message of the module about one file.
 *
 * @typedef {Extract<Report, { id: number }>} FileReport
 */

/**
 * What changed: the message's type, `figures` if only those changed, or undefined if the person made the change.
 *
 * @typedef {FileReport['type'] | State | 'figures' | undefined} Change
 */

export class Sending {
  /** @type {Map<number, Entry>} */
  #entries = new Map();
  #queue = new Queue((/** @type {Entry} */ entry) => this.#hand(entry));
  #lastId = 0;
  #workers;
  #handles;
  #tell;

  /**
   * `tell` is called after each change.
   *
   * @param {Pick<Workers, 'of' | 'current' | 'chosen' | 'askAgain'>} workers
   * @param {Pick<Handles, 'keep' | 'forget'>} handles
   * @param {(entry: Entry, what?: Change) => void} tell
   */
  constructor(workers, handles, tell) {
    this.#workers = workers;
    this.#handles = handles;
    this.#tell = tell;
  }

  get entries() {
    return [...this.#entries.values()];
  }

  /**
   * Makes an entry, without sending it.
   *
   * @param {FoundFile} found
   */
  add(found) {
    const entry = new Entry((this.#lastId += 1), found);
    this.#entries.set(entry.id, entry);
    return entry;
  }

  /** @param {Entry} entry */
  remove(entry) {
    this.#entries.delete(entry.id);
  }

  /** @param {string} uploadId */
  knows(uploadId) {
    return this.entries.some((entry) => entry.uploadId === uploadId);
  }

  /**
   * Has the entry sent. To resume it needs an `uploadId`.
   *
   * @param {Entry} entry
   * @param {Entry['mode']} mode
   */
  send(entry, mode) {
    this.#workers.askAgain();
    if (mode === 'add') this.#part(entry);
    if (mode !== 'resume') entry.unsend();
    entry.mode = mode;
    entry.backend = this.#workers.chosen();
    entry.failure = undefined;
    entry.enter('waiting');
    this.#tell(entry);
    this.#queue.put(entry);
  }

  /** @param {Entry} entry */
  pause(entry) {
    if (!entry.canPause || entry.asked) return;
    if (!entry.isHanded) {
      this.#settle(entry, 'paused');
      return;
    }
    entry.asked = 'pausing';
    this.#worker(entry).tell('pause', entry.id);
    this.#tell(entry);
  }

  /** @param {Entry} entry */
  goOn(entry) {
    if (entry.state === 'known') this.answer(entry, true);
    else if (entry.canContinue && entry.isHanded) this.#worker(entry).tell('goOn', entry.id);
    else if (entry.canContinue) this.send(entry, entry.state === 'left' ? 'resume' : entry.mode);
  }

  /** @param {Entry} entry */
  cancel(entry) {
    if (!entry.canCancel || entry.asked === 'cancelling') return;
    if (!entry.isHanded) {
      if (entry.uploadId) this.#discardQuietly(entry.uploadId);
      this.#settle(entry, 'cancelled');
      return;
    }
    entry.asked = 'cancelling';
    this.#worker(entry).tell('cancel', entry.id);
    this.#tell(entry);
  }

  /**
   * Answers an entry's question: in `known`, whether to resume that upload; in `unchecked`, whether to send the rest
   * although it cannot be compared.
   *
   * @param {Entry} entry
   * @param {boolean} yes
   */
  answer(entry, yes) {
    if (entry.state === 'known') {
      if (yes) entry.uploadId = entry.known;
      this.send(entry, yes ? 'resume' : 'add');
      return;
    }
    this.#worker(entry).tell('confirm', entry.id, yes);
    if (yes) entry.goesOn();
    this.#tell(entry);
  }

  /** @param {Entry} entry */
  retry(entry) {
    this.send(entry, isGone(entry) ? 'add' : 'resume');
  }

  /**
   * Sends the present file as a new upload. If the browser can no longer read it, `chooseAgain` lets the person choose
   * it again.
   *
   * @param {Entry} entry
   * @param {() => Promise<FoundFile>} chooseAgain
   */
  async startAnew(entry, chooseAgain) {
    const fresh = await entry.handle?.getFile().catch(() => undefined);
    if (fresh) entry.file = fresh;
    else if (!(await isReadable(entry.file))) ({ file: entry.file, handle: entry.handle } = await chooseAgain());
    this.send(entry, 'startAnew');
  }

  /**
   * Continues with the file that was chosen again.
   *
   * @param {Entry} entry
   * @param {FoundFile} found
   */
  chooseAgain(entry, { file, handle }) {
    entry.file = file;
    entry.handle = handle;
    this.send(entry, isGone(entry) ? 'add' : 'resume');
  }

  /**
   * Discards the upload of an entry that failed or was left.
   *
   * @param {Entry} entry
   */
  async discard(entry) {
    if (entry.uploadId) await this.#workers.current().ask('discard', entry.uploadId);
    this.#settle(entry, 'cancelled');
  }

  /**
   * Applies a worker's message about one file.
   *
   * @param {FileReport} message
   */
  hear(message) {
    const entry = this.#entries.get(message.id);
    if (!entry) return;
    const { state } = entry;
    this.#apply(entry, message);
    if (entry.hasEnded) entry.isHanded = false;
    if (entry.hasEnded || entry.state === 'paused' || entry.state === 'unchecked') this.#queue.release([entry]);
    if (entry.hasEnded && isGone(entry)) this.#forget(entry);
    const isFigures = entry.state === state && (message.type === 'progress' || message.type === 'comparing');
    this.#tell(entry, isFigures ? 'figures' : message.type);
  }

  /**
   * Fails all files of a worker that stopped. Returns how many there are.
   *
   * @param {string} backend
   * @param {Failure} failure
   */
  stopped(backend, failure) {
    const concerned = this.entries.filter((entry) => entry.backend === backend && (entry.isHanded || entry.isRunning));
    this.#queue.release(concerned);
    for (const entry of concerned) this.hear({ type: 'failed', id: entry.id, failure, goesOn: true });
    return concerned.length;
  }

  /**
   * @param {Entry} entry
   * @param {FileReport} message
   */
  #apply(entry, message) {
    switch (message.type) {
      case 'opened':
        entry.uploadId = message.uploadId;
        if (entry.mode !== 'resume') this.#keep(entry);
        break;
      case 'state':
        entry.enter(message.state);
        // Only now it is certain that the file belongs to this upload.
        if (entry.mode === 'resume' && message.state !== 'sealing') this.#keep(entry);
        break;
      case 'progress':
        entry.progress(message.sent);
        break;
      case 'comparing':
        entry.comparing(message.compared, message.toCompare);
        break;
      case 'retrying':
        entry.isRetrying = true;
        break;
      case 'waiting':
        entry.enter('waiting', message.reason);
        break;
      case 'goes-on':
        entry.goesOn();
        break;
      case 'done':
        entry.done(message.record, message.contentPath);
        break;
      case 'failed':
        entry.failed(message.failure, message.goesOn);
        break;
      default:
        entry.enter(message.type);
    }
  }

  /** @param {Entry} entry */
  #hand(entry) {
    entry.isHanded = true;
    const { id, uploadId, file, sentName } = entry;
    const worker = this.#worker(entry);
    const earlier = entry.worker;
    entry.worker = worker;
    if (uploadId && entry.mode === 'resume') {
      worker.tell('resume', id, uploadId, file);
    } else if (entry.mode === 'startAnew') {
      // Only the worker that began the old upload discards it by itself.
      if (uploadId && earlier !== worker) this.#discardQuietly(uploadId);
      this.#part(entry);
      worker.tell('startAnew', id, file, sentName);
    } else {
      worker.tell('add', id, file, sentName);
    }
  }

  /** @param {Entry} entry */
  #worker(entry) {
    return this.#workers.of(entry.backend);
  }

  /**
   * @param {Entry} entry
   * @param {State} state
   */
  #settle(entry, state) {
    entry.enter(state);
    this.#queue.release([entry]);
    if (state === 'cancelled') this.#forget(entry);
    this.#tell(entry, state);
  }

  /** @param {Entry} entry */
  #keep(entry) {
    if (entry.uploadId) this.#handles.keep(entry.uploadId, entry.handle);
  }

  /** @param {Entry} entry */
  #forget(entry) {
    if (entry.uploadId) this.#handles.forget(entry.uploadId);
  }

  /**
   * Separates the entry from its upload, because the next one is new.
   *
   * @param {Entry} entry
   */
  #part(entry) {
    this.#forget(entry);
    entry.uploadId = undefined;
  }

  /** @param {string} uploadId */
  #discardQuietly(uploadId) {
    const discarded = this.#workers.current().ask('discard', uploadId);
    discarded.catch(() => {
      // The upload stays in the list of unfinished uploads until it expires.
    });
  }
}

/**
 * Some browsers do not read a file that was written to since it was chosen.
 *
 * @param {File} file
 */
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
