// The files of this page. Passes the person's commands to the workers, and applies the workers' messages.

import { Entry } from './entry.js';
import { isGone } from './failures.js';
import { Queue } from './queue.js';

export class Sending {
  #entries = new Map();
  #queue = new Queue((entry) => this.#hand(entry));
  #lastId = 0;
  #workers;
  #handles;
  #tell;

  // `tell(entry, what)` is called after each change. `what` is the message's type, `figures` if only those changed, or
  // undefined if the person made the change.
  constructor(workers, handles, tell) {
    this.#workers = workers;
    this.#handles = handles;
    this.#tell = tell;
  }

  get entries() {
    return [...this.#entries.values()];
  }

  // Makes an entry, without sending it.
  add(found) {
    const entry = new Entry((this.#lastId += 1), found);
    this.#entries.set(entry.id, entry);
    return entry;
  }

  remove(entry) {
    this.#entries.delete(entry.id);
  }

  knows(uploadId) {
    return this.entries.some((entry) => entry.uploadId === uploadId);
  }

  // `wish` is `add`, `resume` (with an `uploadId`) or `startAnew`.
  send(entry, wish) {
    this.#workers.askAgain();
    if (wish === 'add') this.#part(entry);
    if (wish !== 'resume') entry.unsend();
    entry.wish = wish;
    entry.backend = this.#workers.chosen();
    entry.failure = undefined;
    entry.enter('waiting');
    this.#tell(entry);
    this.#queue.put(entry);
  }

  pause(entry) {
    if (!entry.canPause || entry.asked) return;
    if (!entry.isHanded) return this.#settle(entry, 'paused');
    entry.asked = 'pausing';
    this.#worker(entry).pause(entry.id);
    this.#tell(entry);
  }

  goOn(entry) {
    if (entry.state === 'known') return this.answer(entry, true);
    if (!entry.canContinue) return;
    if (entry.isHanded) return this.#worker(entry).goOn(entry.id);
    this.send(entry, entry.state === 'left' ? 'resume' : entry.wish);
  }

  cancel(entry) {
    if (!entry.canCancel || entry.asked === 'cancelling') return;
    if (!entry.isHanded) {
      if (entry.uploadId) this.#discardQuietly(entry.uploadId);
      return this.#settle(entry, 'cancelled');
    }
    entry.asked = 'cancelling';
    this.#worker(entry).cancel(entry.id);
    this.#tell(entry);
  }

  // Answers an entry's question: in `known`, whether to resume that upload; in `unchecked`, whether to send the rest
  // although it cannot be compared.
  answer(entry, yes) {
    if (entry.state === 'known') {
      if (yes) entry.uploadId = entry.known;
      return this.send(entry, yes ? 'resume' : 'add');
    }
    this.#worker(entry).confirm(entry.id, yes);
    if (yes) entry.goesOn();
    this.#tell(entry);
  }

  retry(entry) {
    this.send(entry, isGone(entry) ? 'add' : 'resume');
  }

  // Sends the present file as a new upload. If the browser can no longer read it, `chooseAgain` lets the person choose
  // it again.
  async startAnew(entry, chooseAgain) {
    const fresh = await entry.handle?.getFile().catch(() => undefined);
    if (fresh) entry.file = fresh;
    else if (!(await isReadable(entry.file))) ({ file: entry.file, handle: entry.handle } = await chooseAgain());
    this.send(entry, 'startAnew');
  }

  // Continues with the file that was chosen again.
  chooseAgain(entry, { file, handle }) {
    entry.file = file;
    entry.handle = handle;
    this.send(entry, isGone(entry) ? 'add' : 'resume');
  }

  // Discards the upload of an entry that failed or was left.
  async discard(entry) {
    await this.#workers.current().discard(entry.uploadId);
    this.#settle(entry, 'cancelled');
  }

  // Applies a worker's message about one file.
  hear(message) {
    const entry = this.#entries.get(message.id);
    if (!entry) return;
    const { state } = entry;
    this.#heard[message.type]?.(entry, message);
    if (entry.hasEnded) entry.isHanded = false;
    if (entry.hasEnded || entry.state === 'paused' || entry.state === 'unchecked') this.#queue.release([entry]);
    if (entry.hasEnded && isGone(entry)) this.#forget(entry);
    const isFigures = entry.state === state && (message.type === 'progress' || message.type === 'comparing');
    this.#tell(entry, isFigures ? 'figures' : message.type);
  }

  // Fails all files of a worker that stopped. Returns how many there are.
  stopped(backend, failure) {
    const concerned = this.entries.filter((entry) => entry.backend === backend && (entry.isHanded || entry.isRunning));
    this.#queue.release(concerned);
    for (const entry of concerned) this.hear({ type: 'failed', id: entry.id, failure, goesOn: true });
    return concerned.length;
  }

  #heard = {
    opened: (entry, { uploadId }) => {
      entry.uploadId = uploadId;
      if (entry.wish !== 'resume') this.#keep(entry);
    },
    state: (entry, { state }) => {
      entry.enter(state);
      // Only now it is certain that the file belongs to this upload.
      if (entry.wish === 'resume' && (state === 'sending' || state === 'checking')) this.#keep(entry);
    },
    progress: (entry, { sent }) => entry.progress(sent),
    comparing: (entry, { compared, toCompare }) => entry.comparing(compared, toCompare),
    retrying: (entry) => {
      entry.isRetrying = true;
    },
    paused: (entry) => entry.enter('paused'),
    waiting: (entry, { reason }) => entry.enter('waiting', reason),
    'goes-on': (entry) => entry.goesOn(),
    unchecked: (entry) => entry.enter('unchecked'),
    done: (entry, { record, contentPath }) => entry.done(record, contentPath),
    failed: (entry, { failure, goesOn }) => entry.failed(failure, goesOn),
    cancelled: (entry) => entry.enter('cancelled'),
    left: (entry) => entry.enter('left'),
  };

  #hand(entry) {
    entry.isHanded = true;
    const { id, uploadId, file, sentName } = entry;
    const worker = this.#worker(entry);
    const earlier = entry.worker;
    entry.worker = worker;
    if (entry.wish === 'resume') return worker.resume(id, uploadId, file);
    if (entry.wish === 'add') return worker.add(id, file, sentName);
    // Only the worker that began the old upload discards it by itself.
    if (uploadId && earlier !== worker) this.#discardQuietly(uploadId);
    this.#part(entry);
    worker.startAnew(id, file, sentName);
  }

  #worker(entry) {
    return this.#workers.of(entry.backend);
  }

  #settle(entry, state) {
    entry.enter(state);
    this.#queue.release([entry]);
    if (state === 'cancelled') this.#forget(entry);
    this.#tell(entry, state);
  }

  #keep(entry) {
    this.#handles.keep(entry.uploadId, entry.handle);
  }

  #forget(entry) {
    if (entry.uploadId) this.#handles.forget(entry.uploadId);
  }

  // Separates the entry from its upload, because the next one is new.
  #part(entry) {
    this.#forget(entry);
    entry.uploadId = undefined;
  }

  #discardQuietly(uploadId) {
    this.#workers.current().discard(uploadId).catch(() => {
      // The upload stays in the list of unfinished uploads until it expires.
    });
  }
}

// Some browsers do not read a file that was written to since it was chosen.
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
