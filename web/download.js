// Downloads where the server wants an API key: a link cannot carry one.

// Fetches `address` with the key and saves it as `name`. Leaves no empty and no short file behind.
export async function downloadWithKey(address, name, apiKey) {
  // First, while the browser still sees the click.
  const place = await choosePlace(name);
  try {
    const answer = await fetch(address, { headers: { authorization: `Bearer ${apiKey}` }, cache: 'no-store' });
    if (!answer.ok) throw new Error(`answer ${answer.status}`);
    if (place) await answer.body.pipeTo(await place.createWritable());
    else save(await answer.blob(), name);
  } catch (error) {
    // Choosing made it, or emptied it.
    await place?.remove?.().catch(() => {});
    throw error;
  }
}

// A file on disk to stream into, where the browser has such a thing.
async function choosePlace(name) {
  if (!globalThis.showSaveFilePicker) return undefined;
  return globalThis.showSaveFilePicker({ suggestedName: name });
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
