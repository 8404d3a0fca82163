// The page's side of the worker that decrypts files. It also chooses where they are saved.

import { deleteWhenFree } from '../common/leftovers.js';

// Under `require-trusted-types-for 'script'` a worker must have a URL that this policy allows.
const WORKER = new URL('./open-worker.js', import.meta.url);
const policy = globalThis.trustedTypes?.createPolicy('sealift', {
  createScriptURL(address) {
    if (address === WORKER.href) return address;
    throw new TypeError('not a script of this page');
  },
});

const STOPPED = { code: 'worker_stopped', detail: '', numbers: {} };
// The limit of the module (crates/browser/src/sink/in_memory.rs), for browsers that cannot save to disk.
const MOST_BYTES_IN_MEMORY = 512 * 1024 * 1024;
// How long a closing page waits for a worker that writes. It cannot wait in any other way then.
const LEAVING_MS = 150;
// The waits before each attempt to remove a file.
const WAITS_MS = [0, 100, 400, 1600];
// Some system does not allow these in file names, or they hide how a name ends.
const NOT_IN_NAMES = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffd/\\:*?"<>|]/gu;

export class Opener {
  #worker;
  #hear;
  // The name and size of the file that is being saved, and the picked file for it.
  #name;
  #size;
  #picked;
  // The URL of the last offered file, and how much of the browser's disk it takes.
  #address;
  #keptBytes = 0;
  // The decrypted files on the browser's own disk: `{ folder, name }` for each.
  #onDisk = [];
  #isWriting = false;
  // The request whose picker is open. If another replaces it, the picker's answer comes too late.
  #picking;

  // `hear` is called with every message: `progress` (`opened` of `size` bytes received), `retrying`, and at the end
  // `done` (`how`: `picker`, `disk` or `memory`; `name`; for the latter two, whose download has begun by now, the
  // `address` to save them again), `failed` (`failure`) or `cancelled`. After `credential-needed` call `logIn` or
  // `logInDeclined`. After `stopped` (`failure`) this opener does nothing more.
  constructor(hear) {
    this.#hear = hear;
    this.#worker = new Worker(policy ? policy.createScriptURL(WORKER.href) : WORKER, { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => this.#heard(data));
    this.#worker.addEventListener('error', () => this.#heard({ type: 'stopped', failure: STOPPED }));
    window.addEventListener('pagehide', () => this.#leave());
    // Browsers may show a closed page again, but its files on disk are gone.
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted && this.#onDisk.length > 0) location.reload();
    });
  }

  // Returns how a file of that size would be saved: `picker` (into a file that the person picks), `disk` or `memory`
  // (decrypted to the browser's own disk or memory, then downloaded), or `too_large_for_this_browser`.
  static async wayToSave(size) {
    if (globalThis.showSaveFilePicker) return 'picker';
    if (await hasRoom(size)) return 'disk';
    return size <= MOST_BYTES_IN_MEMORY ? 'memory' : 'too_large_for_this_browser';
  }

  // Sets the API key of all requests from now on. Without one, the browser sends a ticket's cookie by itself.
  logIn(apiKey) {
    this.#want('logIn', { apiKey });
  }

  // The person gives no key.
  logInDeclined() {
    this.#want('logInDeclined');
  }

  // Decrypts the file in this browser and saves it. Call it in a click, because browsers open a picker only then.
  save(fileId, name, size) {
    this.#begin(fileId, name, size);
  }

  // Cancels the download under way. It ends with `cancelled`, or with `done` if it was too late.
  cancel() {
    if (this.#picking) this.#cancelled();
    else this.#want('cancel');
  }

  async #begin(fileId, name, size) {
    const wish = (this.#picking = {});
    // Once its download has begun, the browser holds all of a file that was in memory.
    if (this.#keptBytes === 0) this.#forget();
    this.#name = savedName(name);
    const { picked, isClosed } = await pick(this.#name);
    // The last offered file is deleted if there is no room beside it.
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

  // Removes the picked file if the worker does not, because picking created or emptied it.
  #leaveNothing() {
    if (this.#picked) removed(this.#picked);
    this.#picked = undefined;
  }

  // Deletes decrypted files from the browser's own disk when the page closes. A download that the browser already
  // copies continues. This page cannot delete a file that the worker is writing, and the worker may end before it gets
  // the message. So both try, this page second, because the worker needs some milliseconds to finish a write.
  #leave() {
    if (this.#isWriting) {
      this.#want('leave');
      const until = performance.now() + LEAVING_MS;
      while (performance.now() < until);
    }
    for (const { folder, name } of this.#onDisk) folder.removeEntry(name).catch(() => {});
  }

  // Cleans up after a worker that stopped by itself. Its folder can be deleted once the worker is gone.
  #end() {
    this.#worker.terminate();
    if (this.#onDisk.length > 0) deleteWhenFree(this.#onDisk[0].folder.name);
    this.#picking = undefined;
    this.#leaveNothing();
  }

  // Has the browser copy the decrypted file to its downloads. It may have been copying the last one until now.
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

// Asks where to save, if this browser can: returns `picked`, or `isClosed` if the person closed the dialog.
async function pick(suggestedName) {
  if (!globalThis.showSaveFilePicker) return {};
  try {
    return { picked: await globalThis.showSaveFilePicker({ suggestedName }) };
  } catch (error) {
    // Other errors mean that there is no picker here, for example in a frame.
    return { isClosed: error.name === 'AbortError' };
  }
}

// Returns whether the browser has a private file system with that much room. Some private windows have none.
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

// Removes a picked file. The browser unlocks a file some time after the worker that wrote to it has ended.
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
