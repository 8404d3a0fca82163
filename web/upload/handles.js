// Stores handles of files whose uploads are unfinished, so that one click resumes an upload after the page was closed.
// Only some browsers have handles. A handle is a reference without content, and it opens nothing before the person
// permits it again. It is a convenience, so failures to store one are ignored.

const DATABASE = 'sealift';
const STORE = 'handles';
// This is far longer than servers keep an unfinished upload.
const KEEP_MS = 90 * 24 * 3600 * 1000;

export class Handles {
  #database;

  keep(uploadId, handle) {
    if (!handle) return undefined;
    return this.#quietly('readwrite', (store) => store.put({ handle, keptAtMs: Date.now() }, uploadId));
  }

  forget(uploadId) {
    if (!globalThis.FileSystemHandle) return undefined;
    return this.#quietly('readwrite', (store) => store.delete(uploadId));
  }

  async of(uploadId) {
    return (await this.#quietly('readonly', (store) => store.get(uploadId)))?.handle;
  }

  // Returns the uploads that have a handle, and forgets handles that were not used for too long.
  async uploadIds() {
    const uploadIds = (await this.#quietly('readonly', (store) => store.getAllKeys())) ?? [];
    const kept = (await this.#quietly('readonly', (store) => store.getAll())) ?? [];
    const isOld = (_, place) => !(kept[place]?.keptAtMs > Date.now() - KEEP_MS);
    uploadIds.filter(isOld).forEach((uploadId) => this.forget(uploadId));
    return uploadIds;
  }

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

function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// Returns the file of a handle if it exists and the person permits it, otherwise undefined.
export async function fileOf(handle) {
  try {
    const asked = { mode: 'read' };
    const permitted = (await handle.queryPermission?.(asked)) ?? 'granted';
    if (permitted !== 'granted' && (await handle.requestPermission(asked)) !== 'granted') return undefined;
    return await handle.getFile();
  } catch {
    return undefined;
  }
}
