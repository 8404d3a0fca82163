// Lets the person choose files by dialogs, dropping or pasting. Passes handles on if the browser gives them.

import { chosen, dropped } from './folders.js';

// The inputs are for `files`, for a `folder`, and for one file `again`. `take` gets what was found in the form of
// folders.js, and an empty list for a folder without files. `refused` is called if the browser opens no dialog,
// `notFiles` if something other than files was dropped.
export class Chooser {
  #again;
  #chosenAgain;

  constructor({ files, folder, again }, take, { refused, notFiles }) {
    this.#again = again;
    onFiles(files, take, refused);
    onFolder(folder, take);
    onFiles(again, (found) => (found[0].unreadable ? take(found) : this.#chosenAgain?.(found[0])), refused);
    onDrop((items) => take(dropped(items)), notFiles);
    window.addEventListener('paste', ({ clipboardData }) => {
      if (clipboardData?.files.length > 0) take(chosen(clipboardData.files));
    });
  }

  // Lets the person choose one file, and returns a promise of it, which may never resolve.
  again() {
    return new Promise((resolve) => {
      this.#chosenAgain = resolve;
      this.#again.click();
    });
  }
}

function onFiles(input, take, refused) {
  input.addEventListener('change', () => {
    const found = takenFrom(input);
    if (found.length > 0) take(found);
  });
  input.addEventListener('click', async (event) => {
    // The input's own dialog gives no handles.
    if (!globalThis.showOpenFilePicker) return;
    event.preventDefault();
    try {
      take(await opened(await showOpenFilePicker({ multiple: input.multiple })));
    } catch (error) {
      if (error.name !== 'AbortError') refused();
    }
  });
}

// Some browsers report an empty folder by `cancel`, because no file was added to the choice.
function onFolder(input, take) {
  for (const type of ['change', 'cancel']) input.addEventListener(type, () => take(takenFrom(input)));
}

function takenFrom(input) {
  const found = chosen(input.files);
  // The input is emptied so that the same file can be chosen again.
  input.value = '';
  return found;
}

function opened(handles) {
  return Promise.all(
    handles.map(async (handle) => {
      const { name } = handle;
      try {
        return { file: await handle.getFile(), name, handle };
      } catch {
        return { unreadable: name };
      }
    }),
  );
}

// Takes drops anywhere on the page. A drop of something else is taken too, because the browser would follow a dropped
// link; but text fields keep what is dropped on them.
function onDrop(take, notFiles) {
  // Entering a child leaves its parent, so the depth is counted.
  let depth = 0;
  const over = (isOver) => document.body.toggleAttribute('data-dragging', isOver);
  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  const isForField = ({ target }) => target.closest?.('input:not([type=file]), textarea');
  const on = (type, listener) =>
    window.addEventListener(type, (event) => {
      if (!hasFiles(event) && isForField(event)) return;
      event.preventDefault();
      listener(event);
    });
  on('dragenter', (event) => hasFiles(event) && over((depth += 1) > 0));
  on('dragleave', (event) => hasFiles(event) && over((depth -= 1) > 0));
  on('dragover', ({ dataTransfer }) => {
    dataTransfer.dropEffect = 'copy';
  });
  on('drop', (event) => {
    depth = 0;
    over(false);
    if (hasFiles(event)) take(event.dataTransfer.items);
    else notFiles();
  });
}
