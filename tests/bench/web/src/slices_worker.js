// Sends slices of the file as bodies to a sink, five at once. Nothing is read, hashed, encrypted or signed.

import { MOST_PUTS, put } from './put.js';

const PART_BYTES = 8 * 1024 * 1024;

async function upload(file, sink) {
  const began = performance.now();
  let next = 0;
  const lane = async () => {
    while (next * PART_BYTES < file.size) {
      const start = next * PART_BYTES;
      next += 1;
      const url = `${sink}/sealift/slices?partNumber=${next}&uploadId=slices`;
      await put({ url, headers: [] }, file.slice(start, start + PART_BYTES));
    }
  };
  await Promise.all(Array.from({ length: MOST_PUTS }, lane));
  return { sentMs: performance.now() - began };
}

self.onmessage = async ({ data }) => {
  try {
    postMessage(await upload(data.file, data.sink));
  } catch (error) {
    postMessage({ failed: String(error) });
  }
};
