// Files that workers keep in the browser's own file system (crates/browser/src/part_files.rs): sealed parts, and files that
// were opened. Each worker has a folder there, and a lock of its name for as long as it runs.

const ALL = 'sealift-parts';

// Deletes the folders of workers that are gone, however they went. Those of open pages stay.
export async function deleteLeftovers() {
  const all = await allFolders();
  for await (const name of all?.keys() ?? []) {
    await withLock(name, { ifAvailable: true }, (lock) => lock && removed(all, name));
  }
}

// Deletes one folder as soon as its worker is gone.
export async function deleteWhenFree(name) {
  const all = await allFolders();
  if (all) await withLock(name, {}, () => removed(all, name));
}

// Undefined where the browser has no such files, or none are there.
async function allFolders() {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(ALL);
  } catch {
    return undefined;
  }
}

function withLock(name, options, use) {
  return navigator.locks.request(`${ALL}-${name}`, options, use);
}

// A folder that the browser does not let go of yet is deleted at the next visit.
async function removed(all, name) {
  try {
    await all.removeEntry(name, { recursive: true });
  } catch {
    return undefined;
  }
}
