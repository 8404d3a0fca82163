// Downloads from a server that wants an API key, because a link cannot carry one.

/**
 * Fetches `address` with the key and saves it as `name`. Leaves no empty or incomplete file behind.
 *
 * @param {string} address
 * @param {string} name
 * @param {string} apiKey
 */
export async function downloadWithKey(address, name, apiKey) {
  // This comes first, because browsers open the dialog only right after a click.
  const place = await choosePlace(name);
  try {
    const answer = await fetch(address, { headers: { authorization: `Bearer ${apiKey}` }, cache: 'no-store' });
    if (!answer.ok || !answer.body) throw new Error(`answer ${answer.status}`);
    if (place) await answer.body.pipeTo(await place.createWritable());
    else save(await answer.blob(), name);
  } catch (error) {
    // Choosing the file created or emptied it, so remove it.
    await place?.remove?.().catch(() => {});
    throw error;
  }
}

/**
 * Lets the person choose a file on disk to stream into, if the browser can do that.
 *
 * @param {string} name
 */
async function choosePlace(name) {
  if (!globalThis.showSaveFilePicker) return undefined;
  return globalThis.showSaveFilePicker({ suggestedName: name });
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
