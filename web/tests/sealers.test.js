import assert from 'node:assert/strict';
import { test } from 'node:test';

import { areFaster, Sealers, sealersFor } from '../upload/sealers.js';

test('there is a worker for each core and each gibibyte, four at most and one at least', () => {
  assert.equal(sealersFor({ hardwareConcurrency: 2, deviceMemory: 8 }), 2);
  assert.equal(sealersFor({ hardwareConcurrency: 16, deviceMemory: 8 }), 4);
  assert.equal(sealersFor({ hardwareConcurrency: 8, deviceMemory: 2 }), 2);
  assert.equal(sealersFor({ hardwareConcurrency: 8, deviceMemory: 0.5 }), 1);
  assert.equal(sealersFor({ hardwareConcurrency: 8 }), 4);
  assert.equal(sealersFor({}), 1);
});

const task = () => /** @type {any} */ ({ memory: new ArrayBuffer(1) });

test('where workers are not faster, none is left', async () => {
  /** @type {string[]} */
  const ended = [];
  const start = () => /** @type {any} */ ({ terminate: () => ended.push('ended') });
  assert.equal(await new Sealers(start, 2, async () => false).seal(task()), undefined);
  assert.deepEqual(ended, ['ended', 'ended']);
});

test('where the script of the workers does not load, none is asked twice', async () => {
  /** @type {string[]} */
  const seen = [];
  const start = () => {
    const worker = /** @type {any} */ ({
      terminate: () => seen.push('ended'),
      postMessage: () => {
        seen.push('asked');
        queueMicrotask(() => worker.onerror(new Event('error')));
      },
    });
    return worker;
  };
  assert.equal(await new Sealers(start, 2).seal(task()), undefined);
  assert.deepEqual(seen, ['asked', 'asked', 'ended', 'ended']);
});

test('a worker that takes no task is lost, and nobody waits for it', async () => {
  const start = () =>
    /** @type {any} */ ({
      terminate() {},
      postMessage() {
        throw new Error('it cannot be copied');
      },
    });
  const sealers = new Sealers(start, 2, async () => true);
  const results = [sealers.seal(task()), sealers.seal(task()), sealers.seal(task())];
  assert.deepEqual(await Promise.all(results), [{}, {}, undefined]);
});

test('one task does not wait for workers that are being started, and the others do', async () => {
  let started = 0;
  const start = () => {
    started += 1;
    return /** @type {any} */ ({ terminate() {}, postMessage() {} });
  };
  /** @type {(areFaster: boolean) => void} */
  let measured = () => {};
  const sealers = new Sealers(start, 2, () => new Promise((resolve) => (measured = resolve)), 1);
  sealers.startEarly();
  sealers.startEarly();
  assert.equal(await sealers.seal(task()), undefined);
  const second = sealers.seal(task());
  measured(true);
  assert.deepEqual(await second, {});
  assert.equal(started, 2);
});

test('a task that comes after the start gets a worker', async () => {
  const start = () => /** @type {any} */ ({ terminate() {}, postMessage() {} });
  const sealers = new Sealers(start, 2, async () => true, 1);
  sealers.startEarly();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await sealers.seal(task()), {});
});

test('for one core no worker is started', async () => {
  const start = () => assert.fail('a worker is started');
  assert.equal(await new Sealers(start, 1, async () => true).seal(task()), undefined);
});

// A clock that a hash moves forward: alone by one, and beside another one by `beside`. Returns the result, and the number
// of hashes.
/** @param {number} beside */
async function measuredWhere(beside) {
  const now = performance.now;
  let time = 0;
  let running = 0;
  let hashes = 0;
  performance.now = () => time;
  const hash = async () => {
    hashes += 1;
    running += 1;
    time += running === 1 ? 1 : beside;
    await Promise.resolve();
    running -= 1;
  };
  try {
    return { areFaster: await areFaster([hash, hash]), hashes };
  } finally {
    performance.now = now;
  }
}

test('two workers are faster unless they wait for each other', async () => {
  assert.equal((await measuredWhere(0)).areFaster, true);
  assert.equal((await measuredWhere(0.5)).areFaster, true);
  assert.equal((await measuredWhere(1)).areFaster, false);
});

test('the measurement ends as soon as two workers are faster', async () => {
  // The first two hashes only wait for the workers.
  assert.equal((await measuredWhere(0)).hashes, 2 + 4);
  assert.equal((await measuredWhere(1)).hashes, 2 + 4 * 4);
});
