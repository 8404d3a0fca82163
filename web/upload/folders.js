// Finds files in folders.

/**
 * A file, its name with its folders, and its handle if the browser gives one.
 *
 * @typedef {{ file: File, name: string, handle?: FileSystemFileHandle }} FoundFile
 */

/**
 * A file, or the name of what cannot be read, or of a folder without any file.
 *
 * @typedef {FoundFile | { unreadable: string } | { empty: string }} Found
 */

/**
 * What a folder holds: a folder, or a file to open.
 *
 * @template Folder
 * @typedef {{ name: string } & ({ folder: Folder } | { handle?: FileSystemFileHandle, open: () => Promise<File> })} Held
 */

const PAUSE_AFTER_MS = 8;

/**
 * Returns the files of an input.
 *
 * @param {Iterable<File>} files
 */
export function chosen(files) {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

/**
 * Returns the dropped files and folders. Call it before anything is awaited, because browsers drop the items after that.
 *
 * @param {DataTransferItemList} items
 */
export function dropped(items) {
  const all = [...items].filter((item) => item.kind === 'file');
  return within(
    all.map((item) => ({
      file: item.getAsFile(),
      entry: item.webkitGetAsEntry?.(),
      // Protected folders have no handle, but their entry still leads to the files.
      handle: item.getAsFileSystemHandle?.().catch(() => undefined),
    })),
  );
}

/**
 * @param {{ file: File | null, entry: FileSystemEntry | null, handle?: Promise<FileSystemHandle | null | undefined> }[]} items
 * @returns {AsyncGenerator<Found>}
 */
async function* within(items) {
  for (const { file, entry, handle: awaited } of items) {
    const handle = await awaited;
    if (handle?.kind === 'directory') yield* filesOf(/** @type {FileSystemDirectoryHandle} */ (handle), handles);
    else if (entry?.isDirectory) yield* filesOf(/** @type {FileSystemDirectoryEntry} */ (entry), entries);
    else if (file) yield { file, name: file.name, handle: /** @type {FileSystemFileHandle | undefined} */ (handle ?? undefined) };
  }
}

/**
 * @template {{ name: string }} Folder
 * @param {Folder} root
 * @param {(folder: Folder) => Promise<Held<Folder>[]>} of
 * @returns {AsyncGenerator<Found>}
 */
async function* filesOf(root, of) {
  let isEmpty = true;
  for await (const one of walk(root, of)) {
    isEmpty = false;
    yield one;
  }
  if (isEmpty) yield { empty: root.name };
}

/**
 * Walks depth first, and through each folder in the order of names. `of` returns what a folder holds.
 *
 * @template {{ name: string }} Folder
 * @param {Folder} root
 * @param {(folder: Folder) => Promise<Held<Folder>[]>} of
 * @returns {AsyncGenerator<Found>}
 */
async function* walk(root, of) {
  const left = [{ folder: root, name: root.name }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { folder, name } = next;
    /** @type {typeof left} */
    const folders = [];
    try {
      for (const one of inOrder(await of(folder))) {
        const below = `${name}/${one.name}`;
        if ('folder' in one) folders.unshift({ folder: one.folder, name: below });
        else yield await found(one, below);
      }
    } catch {
      yield { unreadable: name };
    }
    left.push(...folders);
  }
}

/**
 * @param {{ open: () => Promise<File>, handle?: FileSystemFileHandle }} file
 * @param {string} name
 * @returns {Promise<Found>}
 */
async function found({ open, handle }, name) {
  try {
    return { file: await open(), name, handle };
  } catch {
    return { unreadable: name };
  }
}

/** @param {FileSystemDirectoryHandle} folder */
async function handles(folder) {
  /** @type {Held<FileSystemDirectoryHandle>[]} */
  const all = [];
  for await (const handle of folder.values()) {
    const { name } = handle;
    if (handle.kind === 'directory') all.push({ name, folder: /** @type {FileSystemDirectoryHandle} */ (handle) });
    else all.push(fileOf(/** @type {FileSystemFileHandle} */ (handle)));
  }
  return all;
}

/** @param {FileSystemFileHandle} handle */
function fileOf(handle) {
  return { name: handle.name, handle, open: () => handle.getFile() };
}

/** @param {FileSystemDirectoryEntry} folder */
async function entries(folder) {
  const reader = folder.createReader();
  /** @type {Held<FileSystemDirectoryEntry>[]} */
  const all = [];
  for (;;) {
    // The browser returns a few entries at a time, until none are left.
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    for (const entry of some) {
      const { name } = entry;
      if (entry.isDirectory) all.push({ name, folder: /** @type {FileSystemDirectoryEntry} */ (entry) });
      else all.push({ name, open: () => opened(/** @type {FileSystemFileEntry} */ (entry)) });
    }
  }
  return all;
}

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File>}
 */
function opened(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/**
 * @template {{ name: string }} Named
 * @param {Named[]} all
 */
function inOrder(all) {
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Yields everything from `source`, but pauses for the screen whenever it would have to wait too long.
 *
 * @template One
 * @param {AsyncIterable<One> | Iterable<One>} source
 */
export async function* unhurried(source) {
  let until = performance.now() + PAUSE_AFTER_MS;
  for await (const one of source) {
    yield one;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve));
    until = performance.now() + PAUSE_AFTER_MS;
  }
}
