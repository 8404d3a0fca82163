// Downloads where the server wants an API key: a link cannot carry one.

// Fetches `address` with the key and saves it as `name`. Gives up before it leaves a short file behind.
export async function downloadWithKey(address, name, apiKey) {
  const place = await choosePlace(name);
  const answer = await fetch(address, { headers: { authorization: `Bearer ${apiKey}` }, cache: 'no-store' });
  if (!answer.ok) throw new Error(`answer ${answer.status}`);
  if (place) {
    // A body that breaks off aborts the file, which then is not there.
    await answer.body.pipeTo(await place.createWritable());
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A file on disk to stream into, where the browser has such a thing.
async function choosePlace(name) {
  if (!globalThis.showSaveFilePicker) return undefined;
  return globalThis.showSaveFilePicker({ suggestedName: name });
}
