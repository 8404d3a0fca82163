// Seals parts for the module, which starts several of these workers, because one keeps only one core busy. The format is
// the module's: a task says what AES-GCM takes for each frame, and where the frame's bytes are. The part's memory comes
// and goes with the messages by transfer, so it is never copied between workers, and a worker keeps nothing.

/** @typedef {import('./sealers.js').Task} Task */
/** @typedef {'read' | 'seal' | 'hash'} Step */

const REMINDER_BYTES = 64 * 1024 * 1024;

self.addEventListener('message', async ({ data }) => {
  if (data.sample) {
    await crypto.subtle.digest('SHA-256', data.sample);
    return postMessage({});
  }
  /** @type {Task} */
  const task = data;
  const done = await sealed(task);
  postMessage({ ...done, memory: task.memory }, { transfer: [task.memory] });
});

/**
 * Reads, seals and hashes a part. Says which step failed, because the module has a sentence for each.
 *
 * @param {Task} task
 */
async function sealed({ file, start, end, key, frames, atOnce, memory, sealed: length }) {
  /** @type {Step} */
  let step = 'read';
  try {
    remindOfGarbage();
    const plaintext = await file.slice(start, end).arrayBuffer();
    if (plaintext.byteLength !== end - start) throw new RangeError('the file is shorter than the part');
    step = 'seal';
    const part = new Uint8Array(memory, 0, length);
    const rest = frames.values();
    await Promise.all(Array.from({ length: atOnce }, () => sealAll(rest, key, plaintext, part)));
    step = 'hash';
    const sha256 = await crypto.subtle.digest('SHA-256', part);
    return { sha256, size: file.size, lastModified: file.lastModified };
  } catch {
    return { failed: step };
  }
}

/**
 * Seals one frame after the other until none is left.
 *
 * @param {Iterable<Task['frames'][number]>} rest
 * @param {CryptoKey} key
 * @param {ArrayBuffer} plaintext
 * @param {Uint8Array} part
 */
async function sealAll(rest, key, plaintext, part) {
  for (const { parameters, from, until, at, end } of rest) {
    const output = await crypto.subtle.encrypt(parameters, key, new Uint8Array(plaintext, from, until - from));
    if (output.byteLength !== end - at) throw new RangeError('the ciphertext has another length');
    part.set(new Uint8Array(output), at);
  }
}

/**
 * Makes the browser collect garbage soon: it decides by the bytes of arrays, and this one is dropped at once. Its pages are
 * never touched, so it takes no memory itself. Without it, each worker keeps some hundred megabytes of plaintext and
 * ciphertext.
 */
function remindOfGarbage() {
  return new ArrayBuffer(REMINDER_BYTES).byteLength;
}
