// Stores handles of files whose uploads are unfinished, so that one click resumes an upload after the page was closed.
// Only some browsers have handles. A handle is a reference without content, and it opens nothing before the person
// permits it again. It is a convenience, so failures to store one are ignored.

const DATABASE = 'sealift';
const STORE = 'handles';
// This is far longer than servers keep an unfinished upload.
const KEEP_MS = 90 * 24 * 3600 * 1000;

/** @typedef {{ handle: FileSystemFileHandle, keptAtMs: number }} Kept */

export class Handles {
  /** @type {Promise<IDBDatabase> | undefined} */
  #database;

  /**
   * @param {string} uploadId
   * @param {FileSystemFileHandle | undefined} handle
   */
  async keep(uploadId, handle) {
    if (handle) await this.#quietly('readwrite', (store) => store.put({ handle, keptAtMs: Date.now() }, uploadId));
  }

  /** @param {string} uploadId */
  async forget(uploadId) {
    if (globalThis.FileSystemHandle) await this.#quietly('readwrite', (store) => store.delete(uploadId));
  }

  /**
   * @param {string} uploadId
   * @returns {Promise<FileSystemFileHandle | undefined>}
   */
  async of(uploadId) {
    /** @type {Kept | undefined} */
    const kept = await this.#quietly('readonly', (store) => store.get(uploadId));
    return kept?.handle;
  }

  /**
   * Returns the uploads that have a handle, and forgets handles that were not used for too long.
   *
   * @returns {Promise<string[]>}
   */
  async uploadIds() {
    const uploadIds = /** @type {string[]} */ ((await this.#quietly('readonly', (store) => store.getAllKeys())) ?? []);
    /** @type {Kept[]} */
    const kept = (await this.#quietly('readonly', (store) => store.getAll())) ?? [];
    const old = uploadIds.filter((_, place) => !((kept[place]?.keptAtMs ?? 0) > Date.now() - KEEP_MS));
    for (const uploadId of old) this.forget(uploadId);
    return uploadIds;
  }

  /**
   * @template Answer
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<Answer>} request
   */
  async #quietly(mode, request) {
    try {
      this.#database ??= open();
      const database = await this.#database;
      return await answerOf(request(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return undefined;
    }
  }
}

function open() {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return answerOf(opening);
}

/**
 * @template Answer
 * @param {IDBRequest<Answer>} request
 * @returns {Promise<Answer>}
 */
function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Returns the file of a handle if it exists and the person permits it, otherwise undefined.
 *
 * @param {FileSystemFileHandle} handle
 */
export async function fileOf(handle) {
  try {
    /** @type {PermissionAsked} */
    const asked = { mode: 'read' };
    const permitted = (await handle.queryPermission?.(asked)) ?? 'granted';
    if (permitted !== 'granted' && (await handle.requestPermission?.(asked)) !== 'granted') return undefined;
    return await handle.getFile();
  } catch {
    return undefined;
  }
}
