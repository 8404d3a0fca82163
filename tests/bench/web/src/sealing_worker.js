// Measures sealing alone: Sealift's module and its workers, bare WebCrypto and other libraries alternate. The answer holds
// the milliseconds of every round. What reads, reads the file; the others find the same bytes in memory.

import init, { Sealing } from '/module/sealing.js';

import { Sealers } from '../../../../web/upload/sealers.js';
import { byAge } from './age.js';
import { Bare } from './bare.js';
import { byOfficialClient } from './official.js';
import { bySecretstream } from './secretstream.js';

const POOL = 2;

function startSealer() {
  return new Worker('/seal_worker.js', { type: 'module' });
}

// Each is made only when it is asked for, and returns a function that seals everything once.
const CONTESTANTS = {
  sealift: async ({ plaintext }) => {
    const sealing = await opened(plaintext);
    return () => sealing.seal(plaintext);
  },
  bare: async ({ plaintext }) => {
    const bare = await Bare.open();
    return () => bare.seal(plaintext);
  },
  'sealift-hashed': async ({ plaintext }) => {
    const sealing = await opened(plaintext);
    return () => sealing.sealAndHash(plaintext);
  },
  'bare-hashed': async ({ plaintext }) => {
    const bare = await Bare.open();
    return () => bare.sealAndHash(plaintext);
  },
  'sealift-pool': async ({ plaintext, file }) => {
    const sealing = await opened(plaintext);
    // The page starts no workers if two are not faster than one. Here they are measured in any case.
    const sealers = new Sealers(startSealer, POOL, async () => true);
    return () => sealing.sealInWorkers(file, sealers);
  },
  'bare-read-hashed': async ({ file }) => {
    const bare = await Bare.open();
    return () => bare.readSealAndHash(file);
  },
  'bare-read': async ({ file }) => {
    const bare = await Bare.open();
    return () => bare.readAndSeal(file);
  },
  secretstream: ({ plaintext }) => bySecretstream(plaintext, Bare.FRAME_BYTES),
  age: ({ plaintext }) => byAge(plaintext),
  'client-browser': ({ plaintext }) => byOfficialClient(plaintext, {}),
  'client-browser-equal': ({ plaintext }) => byOfficialClient(plaintext, { suite: 'committing', frameLength: Bare.FRAME_BYTES }),
};

async function opened(plaintext) {
  await init();
  return Sealing.open(plaintext.length);
}

async function measure({ file: whole, bytes, rounds, only }) {
  const file = new File([whole.slice(0, bytes)], whole.name);
  const plaintext = new Uint8Array(await file.arrayBuffer());
  const all = [];
  for (const [name, make] of Object.entries(CONTESTANTS)) {
    if (only.length === 0 || only.includes(name)) all.push({ name, run: await make({ plaintext, file }), took: [] });
  }
  for (const { run } of all) await run();
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, took } of all) {
      const began = performance.now();
      await run();
      took.push(performance.now() - began);
    }
  }
  return Object.fromEntries(all.map(({ name, took }) => [name, took]));
}

self.onmessage = async ({ data }) => {
  try {
    postMessage(await measure(data));
  } catch (error) {
    postMessage({ failed: String(error?.detail ?? error) });
  }
};
