// The page's side of the worker that decrypts files. It also chooses where they are saved.

import { Bridge } from '../common/bridge.js';
import { isNamed } from '../common/failure.js';
import { deleteWhenFree } from '../common/leftovers.js';

/** @import { Opener as Module } from '../module/sealift_browser.js' */
/** @import { How, DownloadReport, Report } from '../module/report.js' */
/** @import { Stopped } from '../common/bridge.js' */

/**
 * A message of the module. `done` has the blob to offer, unless the file was picked.
 *
 * @typedef {Exclude<DownloadReport, { type: 'done' | 'on-disk' }> | Extract<Report, { type: 'credential-needed' }> | { type: 'done', how: How, blob?: Blob } | OnDisk} ModuleMessage
 */

/** @typedef {Extract<DownloadReport, { type: 'on-disk' }> & { folder: FileSystemDirectoryHandle }} OnDisk */

/**
 * `progress` counts received bytes. `done` has the `name` and, unless the file was picked, the `address` to save it
 * again; its download has begun by now. After `credential-needed` call `logIn` or `logInDeclined`. After `stopped` the
 * opener does nothing more.
 *
 * @typedef {Exclude<ModuleMessage, { type: 'done' | 'on-disk' }> | { type: 'done', how: How, name: string, address?: string } | Stopped} OpenerMessage
 */

const SCRIPT = './open-worker.js';
// The limit of the module (crates/browser/src/sink/in_memory.rs), for browsers that cannot save to disk.
const MOST_BYTES_IN_MEMORY = 512 * 1024 * 1024;
// How long a closing page waits for a worker that writes. It cannot wait in any other way then.
const LEAVING_MS = 150;
// The waits before each attempt to remove a file.
const WAITS_MS = [0, 100, 400, 1600];
// Some system does not allow these in file names, or they hide how a name ends.
const NOT_IN_NAMES = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffd/\\:*?"<>|]/gu;

export class Opener {
  /** @type {Bridge<Module, ModuleMessage>} */
  #worker;
  #hear;
  // The name and size of the file that is being saved, and the picked file for it.
  #name = '';
  #size = 0;
  /** @type {FileSystemFileHandle | undefined} */
  #picked;
  /**
   * The URL of the last offered file.
   *
   * @type {string | undefined}
   */
  #address;
  // How much of the browser's disk the last offered file takes.
  #keptBytes = 0;
  /**
   * The decrypted files on the browser's own disk.
   *
   * @type {OnDisk[]}
   */
  #onDisk = [];
  #isWriting = false;
  /**
   * The request whose picker is open. If another replaces it, the picker's answer comes too late.
   *
   * @type {object | undefined}
   */
  #picking;

  /** @param {(message: OpenerMessage) => void} hear is called with every message */
  constructor(hear) {
    this.#hear = hear;
    this.#worker = new Bridge(new URL(SCRIPT, import.meta.url), (message) => this.#heard(message));
    window.addEventListener('pagehide', () => this.#leave());
    // Browsers may show a closed page again, but its files on disk are gone.
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted && this.#onDisk.length > 0) location.reload();
    });
  }

  /**
   * Returns how a file of that size would be saved: `picker` (into a file that the person picks), `disk` or `memory`
   * (decrypted to the browser's own disk or memory, then downloaded), or `too_large_for_this_browser`.
   *
   * @param {number} size
   */
  static async wayToSave(size) {
    if (globalThis.showSaveFilePicker) return 'picker';
    if (await hasRoom(size)) return 'disk';
    return size <= MOST_BYTES_IN_MEMORY ? 'memory' : 'too_large_for_this_browser';
  }

  /**
   * Sets the API key of all requests from now on. Without one, the browser sends a ticket's cookie by itself.
   *
   * @param {string | undefined} apiKey
   */
  logIn(apiKey) {
    this.#worker.tell('logIn', apiKey);
  }

  // The person gives no key.
  logInDeclined() {
    this.#worker.tell('logInDeclined');
  }

  /**
   * Decrypts the file in this browser and saves it. Call it in a click, because browsers open a picker only then.
   *
   * @param {string} fileId
   * @param {string} name
   * @param {number} size
   */
  save(fileId, name, size) {
    this.#begin(fileId, name, size);
  }

  // Cancels the download under way. It ends with `cancelled`, or with `done` if it was too late.
  cancel() {
    if (this.#picking) this.#cancelled();
    else this.#worker.tell('cancel');
  }

  /**
   * @param {string} fileId
   * @param {string} name
   * @param {number} size
   */
  async #begin(fileId, name, size) {
    const picking = (this.#picking = {});
    // Once its download has begun, the browser holds all of a file that was in memory.
    if (this.#keptBytes === 0) this.#forget();
    this.#name = savedName(name);
    const { picked, isClosed = false } = await pick(this.#name);
    // The last offered file is deleted if there is no room beside it.
    const inMemory = !picked && !isClosed && !(await hasRoom(size - this.#keptBytes));
    this.#picked = picked;
    if (picking !== this.#picking) {
      this.#leaveNothing();
      return;
    }
    if (isClosed) {
      this.#cancelled();
      return;
    }
    this.#picking = undefined;
    this.#size = size;
    this.#worker.tell('save', fileId, size, picked, inMemory);
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
      this.#worker.tell('leave');
      const until = performance.now() + LEAVING_MS;
      while (performance.now() < until);
    }
    for (const { folder, name } of this.#onDisk) folder.removeEntry(name).catch(() => {});
  }

  // Cleans up after a worker that stopped by itself. Its folder can be deleted once the worker is gone.
  #end() {
    this.#worker.end();
    const [first] = this.#onDisk;
    if (first) deleteWhenFree(first.folder.name);
    this.#picking = undefined;
    this.#leaveNothing();
  }

  /**
   * Has the browser copy the decrypted file to its downloads. It may have been copying the last one until now.
   *
   * @param {Blob} blob
   * @param {How} how
   */
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

  /** @param {ModuleMessage | Stopped} message */
  #heard(message) {
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
      const { type, how, blob } = message;
      this.#hear({ type, how, name: this.#name, address: blob && this.#offer(blob, how) });
    } else {
      this.#hear(message);
    }
  }
}

/**
 * Asks where to save, if this browser can: returns `picked`, or `isClosed` if the person closed the dialog.
 *
 * @param {string} suggestedName
 * @returns {Promise<{ picked?: FileSystemFileHandle, isClosed?: boolean }>}
 */
async function pick(suggestedName) {
  if (!globalThis.showSaveFilePicker) return {};
  try {
    return { picked: await globalThis.showSaveFilePicker({ suggestedName }) };
  } catch (error) {
    // Other errors mean that there is no picker here, for example in a frame.
    return { isClosed: isNamed(error, 'AbortError') };
  }
}

/**
 * Returns whether the browser has a private file system with that much room. Some private windows have none.
 *
 * @param {number} size
 */
async function hasRoom(size) {
  try {
    await navigator.storage.getDirectory();
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return size <= quota - usage;
  } catch {
    return false;
  }
}

/** @param {string} name */
function savedName(name) {
  const last = name.split('/').at(-1) ?? '';
  return last.replace(NOT_IN_NAMES, '_').replace(/^\.+|[. ]+$/gu, '') || 'file';
}

/**
 * Removes a picked file. The browser unlocks a file some time after the worker that wrote to it has ended.
 *
 * @param {FileSystemFileHandle} file
 */
async function removed(file) {
  for (const waitMs of WAITS_MS) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    try {
      await file.remove?.();
      return;
    } catch (error) {
      if (!isNamed(error, 'NoModificationAllowedError')) return;
    }
  }
}
