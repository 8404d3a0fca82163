// Deletes files that workers left in the browser's own file system (crates/browser/src/part_files.rs): sealed parts
// and decrypted files. Each worker has a folder there, and holds a lock of its name while it runs.

const ALL = 'sealift-parts';

// Deletes the folders of workers that ended or crashed. Those of open pages stay.
export async function deleteLeftovers() {
  const all = await allFolders();
  if (!all) return;
  for await (const name of all.keys()) {
    await withLock(name, { ifAvailable: true }, async (lock) => {
      if (lock) await removed(all, name);
    });
  }
}

/**
 * Deletes one folder as soon as its worker has ended.
 *
 * @param {string} name
 */
export async function deleteWhenFree(name) {
  const all = await allFolders();
  if (all) await withLock(name, {}, () => removed(all, name));
}

// Returns undefined if the browser has no such files, or there are none.
async function allFolders() {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(ALL);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {LockOptions} options
 * @param {(lock: Lock | null) => Promise<void>} use
 */
function withLock(name, options, use) {
  return navigator.locks.request(`${ALL}-${name}`, options, use);
}

/**
 * If the browser does not delete a folder yet, it is deleted at the next visit.
 *
 * @param {FileSystemDirectoryHandle} all
 * @param {string} name
 */
async function removed(all, name) {
  await all.removeEntry(name, { recursive: true }).catch(() => {});
}
