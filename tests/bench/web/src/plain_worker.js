// Sends the same parts as Sealift as plain PUTs: reads, hashes, signs with that SHA-256, sends, and encrypts nothing.
// There are as many PUTs at once as in Sealift, and the next part is read and hashed meanwhile.

import { MOST_PUTS, put } from './put.js';

async function post(address, question) {
  const answer = await fetch(address, { method: 'POST', body: JSON.stringify(question), headers: { 'content-type': 'application/json' } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.json();
}

async function upload(file) {
  const began = performance.now();
  const { id, partBytes } = await post('/plain/open', {});
  const parts = Math.ceil(file.size / partBytes);
  let next = 0;
  let reading = Promise.resolve();

  // Only one part at a time is read and hashed, as Sealift seals only one part at a time.
  const readNext = () => {
    const number = next;
    next += 1;
    const read = reading.then(async () => {
      const bytes = await file.slice(number * partBytes, (number + 1) * partBytes).arrayBuffer();
      const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return { number: number + 1, bytes, sha256: btoa(String.fromCharCode(...sha256)) };
    });
    reading = read.catch(() => {});
    return read;
  };

  const lane = async () => {
    while (next < parts) {
      const { number, bytes, sha256 } = await readNext();
      // An array view costs less than a Blob of it.
      await put(await post('/plain/sign', { id, number, sha256, length: bytes.byteLength }), new Uint8Array(bytes));
    }
  };
  await Promise.all(Array.from({ length: MOST_PUTS }, lane));
  const sent = performance.now();
  await post('/plain/complete', { id });
  return { sentMs: sent - began, doneMs: performance.now() - began };
}

self.onmessage = async ({ data }) => {
  try {
    postMessage(await upload(data.file));
  } catch (error) {
    postMessage({ failed: String(error) });
  }
};
