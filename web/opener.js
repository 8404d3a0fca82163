// The page's side of the worker that opens files, and the choice of where they are saved.

import { deleteWhenFree } from './leftovers.js';

// Under `require-trusted-types-for 'script'` only what this policy lets through becomes a worker.
const WORKER = new URL('./open-worker.js', import.meta.url);
const policy = globalThis.trustedTypes?.createPolicy('sealift', {
  createScriptURL(address) {
    if (address === WORKER.href) return address;
    throw new TypeError('not a script of this page');
  },
});

const STOPPED = { code: 'worker_stopped', detail: '', numbers: {} };
// Where the browser has no place on disk: the module holds no more (crates/browser/src/sink/in_memory.rs).
const MOST_BYTES_IN_MEMORY = 512 * 1024 * 1024;
// How long a page that is left waits for a worker that writes. Nothing else can be waited for then.
const LEAVING_MS = 150;
// Between attempts to take a file away.
const WAITS_MS = [0, 100, 400, 1600];
// No file may have these in its name on one system or another, or they hide how it ends.
const NOT_IN_NAMES = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffd/\\:*?"<>|]/gu;

export class Opener {
  #worker;
  #hear;
  // What is being saved: its name and size, and the file that was picked for it.
  #name;
  #size;
  #picked;
  // What was offered last: its address, and how much of the browser's disk it takes.
  #address;
  #keptBytes = 0;
  // Files on the browser's own disk that the worker has opened or opens: `{ folder, name }` for each.
  #onDisk = [];
  #isWriting = false;
  // The wish whose place is being picked; another one in its stead, and the picker's answer comes too late.
  #picking;

  // `hear` is called with every message: `progress` (`opened` of `size` bytes have come), `retrying`, and at the end
  // `done` (`how`: `picker`, `disk` or `memory`; `name`; of the last two, whose download has begun by now, the `address`
  // to save them again from), `failed` (`failure`) or `cancelled`. `credential-needed`: it goes on by `logIn`, or not by
  // `logInDeclined`. `stopped` (`failure`): this opener has ended and does no more.
  constructor(hear) {
    this.#hear = hear;
    this.#worker = new Worker(policy ? policy.createScriptURL(WORKER.href) : WORKER, { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => this.#heard(data));
    this.#worker.addEventListener('error', () => this.#heard({ type: 'stopped', failure: STOPPED }));
    window.addEventListener('pagehide', () => this.#leave());
    // Browsers may show a page again that was left, and what it had on disk is gone.
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted && this.#onDisk.length > 0) location.reload();
    });
  }

  // Which way a file of that size would be saved: `picker` (the person picks the place, and the browser writes there),
  // `disk` or `memory` (opened to a place of the browser's own, then downloaded), or `too_large_for_this_browser`.
  static async wayToSave(size) {
    if (globalThis.showSaveFilePicker) return 'picker';
    if (await hasRoom(size)) return 'disk';
    return size <= MOST_BYTES_IN_MEMORY ? 'memory' : 'too_large_for_this_browser';
  }

  // Requests carry this API key from now on; none without one, and then the browser sends a ticket's cookie by itself.
  logIn(apiKey) {
    this.#want('logIn', { apiKey });
  }

  // There is no key to be had.
  logInDeclined() {
    this.#want('logInDeclined');
  }

  // Opens the file in this browser and saves it. To be called in a click: browsers let nobody else pick a place.
  save(fileId, name, size) {
    this.#begin(fileId, name, size);
  }

  // Ends what is under way by `cancelled`, or by `done` where it was too late.
  cancel() {
    if (this.#picking) this.#cancelled();
    else this.#want('cancel');
  }

  async #begin(fileId, name, size) {
    const wish = (this.#picking = {});
    // The browser has all of what was in memory as soon as it copies.
    if (this.#keptBytes === 0) this.#forget();
    this.#name = savedName(name);
    const { picked, isClosed } = await pick(this.#name);
    // The last download makes room, where there is none beside it.
    const inMemory = !picked && !isClosed && !(await hasRoom(size - this.#keptBytes));
    this.#picked = picked;
    if (wish !== this.#picking) return this.#leaveNothing();
    if (isClosed) return this.#cancelled();
    this.#picking = undefined;
    this.#size = size;
    this.#want('save', { fileId, size, picked, inMemory });
  }

  #cancelled() {
    this.#picking = undefined;
    this.#hear({ type: 'cancelled' });
  }

  // Picking made the file, or emptied it. Whoever ends otherwise than the worker does must take it away.
  #leaveNothing() {
    if (this.#picked) removed(this.#picked);
    this.#picked = undefined;
  }

  // Nothing that was opened stays on the browser's own disk when the page is left; a download that the browser has begun to
  // copy goes on. This page cannot delete what the worker is writing, and the worker may end before it has heard of it, so
  // both try, this page second: the worker runs beside it, and needs some milliseconds to finish a write.
  #leave() {
    if (this.#isWriting) {
      this.#want('leave');
      const until = performance.now() + LEAVING_MS;
      while (performance.now() < until);
    }
    for (const { folder, name } of this.#onDisk) folder.removeEntry(name).catch(() => {});
  }

  // The worker has stopped by itself. What it was writing to is nobody's once it is gone.
  #end() {
    this.#worker.terminate();
    if (this.#onDisk.length > 0) deleteWhenFree(this.#onDisk[0].folder.name);
    this.#picking = undefined;
    this.#leaveNothing();
  }

  // Has the browser copy what was opened to where its downloads go. What was offered before may be copied until now.
  #offer(blob, how) {
    this.#forget();
    const link = document.createElement('a');
    link.href = this.#address = URL.createObjectURL(blob);
    link.download = this.#name;
    link.click();
    this.#keptBytes = how === 'disk' ? this.#size : 0;
    return link.href;
  }

  #forget() {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = undefined;
  }

  #want(type, values) {
    this.#worker.postMessage({ type, ...values });
  }

  #heard({ blob, ...message }) {
    if (message.type === 'on-disk') {
      this.#onDisk.push(message);
      this.#isWriting = true;
      return;
    }
    if (message.type === 'stopped') this.#end();
    if (['done', 'failed', 'cancelled'].includes(message.type)) {
      this.#picked = undefined;
      this.#isWriting = false;
    }
    if (message.type === 'done') {
      message.name = this.#name;
      if (blob) message.address = this.#offer(blob, message.how);
    }
    this.#hear(message);
  }
}

// The person's choice, where this browser asks for one: `picked`, or `isClosed` where they thought better of it.
async function pick(suggestedName) {
  if (!globalThis.showSaveFilePicker) return {};
  try {
    return { picked: await globalThis.showSaveFilePicker({ suggestedName }) };
  } catch (error) {
    // Anything else: no picker here, as in a frame.
    return { isClosed: error.name === 'AbortError' };
  }
}

// Whether the browser has a file system of the page's own with so much room. In some private windows it has none.
async function hasRoom(size) {
  try {
    await navigator.storage.getDirectory();
    const { quota, usage } = await navigator.storage.estimate();
    return size <= quota - usage;
  } catch {
    return false;
  }
}

function savedName(name) {
  const last = name.split('/').at(-1);
  return last.replace(NOT_IN_NAMES, '_').replace(/^\.+|[. ]+$/gu, '') || 'file';
}

// Takes away a picked file. The browser frees what a worker was writing to some time after that is gone.
async function removed(file) {
  for (const waitMs of WAITS_MS) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    try {
      return await file.remove?.();
    } catch (error) {
      if (error.name !== 'NoModificationAllowedError') return undefined;
    }
  }
  return undefined;
}
