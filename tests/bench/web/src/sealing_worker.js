// Measures sealing alone in one worker: Sealift's module, bare WebCrypto and the official browser client alternate. The
// answer holds the milliseconds of every round.

import init, { Sealing } from '/module/sealing.js';

import { Bare } from './bare.js';
import { byOfficialClient } from './official.js';

async function contestants(plaintext) {
  await init();
  const sealing = await Sealing.open(plaintext.length);
  const bare = await Bare.open();
  return {
    sealift: () => sealing.seal(plaintext),
    bare: () => bare.seal(plaintext),
    'sealift-hashed-in-turn': () => sealing.sealAndHash(plaintext, false),
    'bare-hashed': () => bare.sealAndHash(plaintext),
    'sealift-hashed': () => sealing.sealAndHash(plaintext, true),
    'client-browser': await byOfficialClient(plaintext, {}),
    'client-browser-equal': await byOfficialClient(plaintext, { suite: 'committing', frameLength: Bare.FRAME_BYTES }),
  };
}

async function measure({ bytes, rounds }) {
  const plaintext = new Uint8Array(bytes);
  // One call fills 65,536 bytes at most.
  for (let at = 0; at < bytes; at += 65536) crypto.getRandomValues(plaintext.subarray(at, at + 65536));
  const all = Object.entries(await contestants(plaintext));
  for (const [, run] of all) await run();
  const took = Object.fromEntries(all.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of all) {
      const began = performance.now();
      await run();
      took[name].push(performance.now() - began);
    }
  }
  return took;
}

self.onmessage = async ({ data }) => {
  try {
    postMessage(await measure(data));
  } catch (error) {
    postMessage({ failed: String(error?.detail ?? error) });
  }
};
