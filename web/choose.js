// Choosing: by dialogs, by dropping, by pasting. Where a browser gives handles, they come along.

import { chosen, dropped } from './folders.js';

// `inputs` are for `files`, for a `folder`, and for one file `again`. `take` gets what was found, as folders.js has it,
// and nothing at all where a folder has no file. `refused` is called where the browser opens no dialog, and `notFiles`
// where something else than files was dropped.
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

  // Lets the person choose one file, and gives it; it may never come.
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

// Some browsers tell an empty folder by `cancel`, because there is no more chosen than before.
function onFolder(input, take) {
  for (const type of ['change', 'cancel']) input.addEventListener(type, () => take(takenFrom(input)));
}

function takenFrom(input) {
  const found = chosen(input.files);
  // Emptied, so that the same file can be chosen again.
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

// Anywhere on the page. Something else than files is taken too, because the browser would leave this page for a link;
// but a text field keeps what is dropped there.
function onDrop(take, notFiles) {
  // Entering a child leaves its parent, so they are counted.
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
