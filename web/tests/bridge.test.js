import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from './fake-page.js';
import { Bridge, serve } from '../common/bridge.js';
import { failureOf } from '../common/failure.js';

// A worker whose two sides are in this thread. `self` and `postMessage` are those of its script.
class FakeWorker extends EventTarget {
  static self = new EventTarget();
  static made = [];
  isTerminated = false;

  constructor(address) {
    super();
    this.address = address;
    FakeWorker.made.push(this);
  }

  postMessage(data) {
    FakeWorker.self.dispatchEvent(new MessageEvent('message', { data: structuredClone(data) }));
  }

  terminate() {
    this.isTerminated = true;
  }
}

globalThis.Worker = FakeWorker;
globalThis.self = FakeWorker.self;
globalThis.postMessage = (data) => FakeWorker.made.at(-1).dispatchEvent(new MessageEvent('message', { data: structuredClone(data) }));

const called = [];
serve(
  Promise.resolve({
    add: (...values) => called.push(values),
    unfinished: async () => ['u'],
    discard: () => Promise.reject(failureOf('other_tab')),
  }),
);

function bridge() {
  const heard = [];
  return { heard, bridge: new Bridge(new URL('https://sealift.example/worker.js?backend=x'), (message) => heard.push(message)) };
}

test('a method is called with its values, in order', async () => {
  const made = bridge().bridge;
  made.tell('add', 1, 'a');
  made.tell('add', 2, 'b');
  await settled();
  assert.deepEqual(called, [
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('a question is answered, or rejects with the failure of the module', async () => {
  const made = bridge().bridge;
  assert.deepEqual(await made.ask('unfinished'), ['u']);
  await assert.rejects(made.ask('discard', 'u'), { code: 'other_tab' });
});

test('other messages are heard, and an error that nobody caught ends the work', () => {
  const { heard } = bridge();
  globalThis.postMessage({ type: 'progress', id: 1 });
  FakeWorker.made.at(-1).dispatchEvent(new Event('error'));
  assert.deepEqual(heard, [
    { type: 'progress', id: 1 },
    { type: 'stopped', failure: failureOf('worker_stopped') },
  ]);
});

test('a failure of the module keeps its code, and every other error is a bug', (context) => {
  context.mock.method(console, 'error', () => {});
  const { heard } = bridge();
  for (const reason of [failureOf('browser_unfit'), new Error('bug'), new DOMException('', 'AbortError')]) {
    FakeWorker.self.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason }));
  }
  assert.deepEqual(
    heard.map(({ type, failure }) => [type, failure.code]),
    [
      ['stopped', 'browser_unfit'],
      ['stopped', 'worker_stopped'],
      ['stopped', 'worker_stopped'],
    ],
  );
});

test('a bridge that ends rejects the questions that are open', async () => {
  const made = bridge().bridge;
  const open = made.ask('unfinished');
  made.end();
  assert.ok(FakeWorker.made.at(-1).isTerminated);
  await assert.rejects(open, { code: 'worker_stopped' });
});
