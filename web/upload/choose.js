// Lets the person choose files by dialogs, dropping or pasting. Passes handles on if the browser gives them.

import { isNamed } from '../common/failure.js';
import { chosen, dropped } from './folders.js';

/** @import { Found, FoundFile } from './folders.js' */

/** @typedef {(found: AsyncIterable<Found> | Found[]) => void} Take */

export class Chooser {
  #again;
  /** @type {((found: FoundFile) => void) | undefined} */
  #chosenAgain;

  /**
   * The inputs are for `files`, for a `folder`, and for one file `again`. `take` gets what was found, and an empty list
   * for a folder without files. `refused` is called if the browser opens no dialog, `notFiles` if something other than
   * files was dropped.
   *
   * @param {Record<'files' | 'folder' | 'again', HTMLInputElement>} inputs
   * @param {Take} take
   * @param {Record<'refused' | 'notFiles', () => void>} told
   */
  constructor({ files, folder, again }, take, { refused, notFiles }) {
    this.#again = again;
    onFiles(files, take, refused);
    onFolder(folder, take);
    onFiles(again, (found) => this.#tookAgain(found, take), refused);
    onDrop((items) => take(dropped(items)), notFiles);
    window.addEventListener('paste', ({ clipboardData }) => {
      if (clipboardData && clipboardData.files.length > 0) take(chosen(clipboardData.files));
    });
  }

  /**
   * @param {Found[]} found
   * @param {Take} take
   */
  #tookAgain(found, take) {
    const [first] = found;
    if (first && 'file' in first) this.#chosenAgain?.(first);
    else take(found);
  }

  /**
   * Lets the person choose one file, and returns a promise of it, which may never resolve.
   *
   * @returns {Promise<FoundFile>}
   */
  again() {
    return new Promise((resolve) => {
      this.#chosenAgain = resolve;
      this.#again.click();
    });
  }
}

/**
 * @param {HTMLInputElement} input
 * @param {(found: Found[]) => void} take
 * @param {() => void} refused
 */
function onFiles(input, take, refused) {
  input.addEventListener('change', () => {
    const found = takenFrom(input);
    if (found.length > 0) take(found);
  });
  input.addEventListener('click', async (event) => {
    // The input's own dialog gives no handles.
    const { showOpenFilePicker } = globalThis;
    if (!showOpenFilePicker) return;
    event.preventDefault();
    try {
      take(await opened(await showOpenFilePicker({ multiple: input.multiple })));
    } catch (error) {
      if (!isNamed(error, 'AbortError')) refused();
    }
  });
}

/**
 * Some browsers report an empty folder by `cancel`, because no file was added to the choice.
 *
 * @param {HTMLInputElement} input
 * @param {Take} take
 */
function onFolder(input, take) {
  for (const type of ['change', 'cancel']) input.addEventListener(type, () => take(takenFrom(input)));
}

/** @param {HTMLInputElement} input */
function takenFrom(input) {
  const found = chosen(input.files ?? []);
  // The input is emptied so that the same file can be chosen again.
  input.value = '';
  return found;
}

/**
 * @param {FileSystemFileHandle[]} handles
 * @returns {Promise<Found[]>}
 */
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

/**
 * Takes drops anywhere on the page. A drop of something else is taken too, because the browser would follow a dropped
 * link; but text fields keep what is dropped on them.
 *
 * @param {(items: DataTransferItemList) => void} take
 * @param {() => void} notFiles
 */
function onDrop(take, notFiles) {
  // Entering a child leaves its parent, so the depth is counted.
  let depth = 0;
  const over = (/** @type {boolean} */ isOver) => document.body.toggleAttribute('data-dragging', isOver);
  /**
   * Calls `listener` with what is dragged, if it has files.
   *
   * @param {'dragenter' | 'dragleave' | 'dragover' | 'drop'} type
   * @param {(dragged: DataTransfer | undefined) => void} listener
   */
  const on = (type, listener) =>
    window.addEventListener(type, (event) => {
      const { dataTransfer, target } = event;
      const hasFiles = dataTransfer?.types.includes('Files');
      if (!hasFiles && target instanceof Element && target.closest('input:not([type=file]), textarea')) return;
      event.preventDefault();
      if (type === 'dragover' && dataTransfer) dataTransfer.dropEffect = 'copy';
      listener((hasFiles && dataTransfer) || undefined);
    });
  on('dragenter', (dragged) => dragged && over((depth += 1) > 0));
  on('dragleave', (dragged) => dragged && over((depth -= 1) > 0));
  on('dragover', () => {});
  on('drop', (dragged) => {
    depth = 0;
    over(false);
    if (dragged) take(dragged.items);
    else notFiles();
  });
}
