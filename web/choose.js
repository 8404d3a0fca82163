// Choosing: by dialogs, by dropping, by pasting. Where a browser gives handles, they come along.

import { chosen, dropped } from './folders.js';

// `inputs` are for `files`, for a `folder`, and for one file `again`. `take` gets what was found, as folders.js has it;
// `refused` is called where the browser opens no dialog.
export class Chooser {
  #again;
  #chosenAgain;

  constructor({ files, folder, again }, take, refused) {
    this.#again = again;
    onFiles(files, take, refused);
    onFiles(folder, take);
    onFiles(again, (found) => (found[0].unreadable ? take(found) : this.#chosenAgain?.(found[0])), refused);
    onDrop((items) => take(dropped(items)));
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

// Where `refused` is given, with handles.
function onFiles(input, take, refused) {
  input.addEventListener('change', () => {
    const found = chosen(input.files);
    // So that the same file can be chosen again.
    input.value = '';
    if (found.length > 0) take(found);
  });
  input.addEventListener('click', async (event) => {
    // The input's own dialog gives no handles.
    if (!refused || !globalThis.showOpenFilePicker) return;
    event.preventDefault();
    try {
      take(await opened(await showOpenFilePicker({ multiple: input.multiple })));
    } catch (error) {
      if (error.name !== 'AbortError') refused();
    }
  });
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

// Anywhere on the page.
function onDrop(take) {
  // Entering a child leaves its parent, so they are counted.
  let depth = 0;
  const over = (isOver) => document.body.toggleAttribute('data-dragging', isOver);
  const withFiles = (listener) => (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    listener(event);
  };
  window.addEventListener('dragenter', withFiles(() => over((depth += 1) > 0)));
  window.addEventListener('dragleave', withFiles(() => over((depth -= 1) > 0)));
  window.addEventListener('dragover', withFiles(({ dataTransfer }) => {
    dataTransfer.dropEffect = 'copy';
  }));
  window.addEventListener('drop', withFiles(({ dataTransfer }) => {
    depth = 0;
    over(false);
    take(dataTransfer.items);
  }));
}
