// Finds files in folders. Yields `{ file, name, handle }` for each, where `name` includes the folders; `{ unreadable }`
// with the name if something cannot be read; and `{ empty }` with the name for a folder without any file.

const PAUSE_AFTER_MS = 8;

// Returns the files of an input.
export function chosen(files) {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

// Returns the dropped files and folders. Call it before anything is awaited, because browsers drop the items after
// that.
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

async function* within(items) {
  for (const { file, entry, handle: awaited } of items) {
    const handle = await awaited;
    if (handle?.kind === 'directory') yield* filesOf(handle, handles);
    else if (entry?.isDirectory) yield* filesOf(entry, entries);
    else if (file) yield { file, name: file.name, handle };
  }
}

async function* filesOf(root, of) {
  let isEmpty = true;
  for await (const one of walk(root, of)) {
    isEmpty = false;
    yield one;
  }
  if (isEmpty) yield { empty: root.name };
}

// Walks depth first, and through each folder in the order of names. `of` returns what a folder holds.
async function* walk(root, of) {
  const left = [{ folder: root, name: root.name }];
  while (left.length > 0) {
    const { folder, name } = left.pop();
    const folders = [];
    try {
      for (const one of inOrder(await of(folder))) {
        const below = `${name}/${one.name}`;
        if (one.isFolder) folders.unshift({ folder: one.folder, name: below });
        else yield await found(one, below);
      }
    } catch {
      yield { unreadable: name };
    }
    left.push(...folders);
  }
}

async function found({ open, handle }, name) {
  try {
    return { file: await open(), name, handle };
  } catch {
    return { unreadable: name };
  }
}

async function handles(folder) {
  const all = [];
  for await (const handle of folder.values()) {
    all.push({ name: handle.name, isFolder: handle.kind === 'directory', folder: handle, handle, open: () => handle.getFile() });
  }
  return all;
}

async function entries(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    // The browser returns a few entries at a time, until none are left.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    for (const entry of some) {
      const open = () => new Promise((resolve, reject) => entry.file(resolve, reject));
      all.push({ name: entry.name, isFolder: entry.isDirectory, folder: entry, open });
    }
  }
  return all;
}

function inOrder(all) {
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

// Yields everything from `source`, but pauses for the screen whenever it would have to wait too long.
export async function* unhurried(source) {
  let until = performance.now() + PAUSE_AFTER_MS;
  for await (const one of source) {
    yield one;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve));
    until = performance.now() + PAUSE_AFTER_MS;
  }
}
