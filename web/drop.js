// Files dropped anywhere on the page.

// `take` gets the dropped files, `refuseFolders` is called where folders were among them.
export function onDrop(take, refuseFolders) {
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
    const items = [...dataTransfer.items].filter((item) => item.kind === 'file');
    const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory);
    take(files.map((item) => item.getAsFile()).filter(Boolean));
    if (files.length < items.length) refuseFolders();
  }));
}
