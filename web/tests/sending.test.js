import './fake-page.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from '../common/failure.js';
import { Sending } from '../upload/sending.js';

// Workers that keep what they were told.
class FakeWorkers {
  backend = 'web-crypto';
  told = [];
  #workers = new Map();

  of(name) {
    if (!this.#workers.has(name)) {
      const tell = (...words) => this.told.push([name, ...words]);
      const ask = async (...words) => tell(...words);
      this.#workers.set(name, { tell, ask });
    }
    return this.#workers.get(name);
  }

  current() {
    return this.of(this.backend);
  }

  chosen() {
    return this.backend;
  }

  askAgain() {}
}

function scene() {
  const workers = new FakeWorkers();
  const kept = new Map();
  const handles = { keep: (id, handle) => kept.set(id, handle), forget: (id) => kept.delete(id) };
  const changes = [];
  const sending = new Sending(workers, handles, (entry, what) => changes.push([entry.state, what]));
  return { workers, kept, changes, sending };
}

const found = (name = 'a') => ({ file: { name, size: 10, slice: () => new Blob() }, name, handle: `handle of ${name}` });
const methods = ({ told }) => told.map(([, method]) => method);

test('a file is sent under its name with its folders', () => {
  const { workers, sending } = scene();
  const entry = sending.add({ file: { name: 'a', size: 1 }, name: 'folder/a' });
  sending.send(entry, 'add');
  assert.deepEqual(workers.told, [['web-crypto', 'add', entry.id, entry.file, 'folder/a']]);
});

test('the handle of a new upload is kept at once, and forgotten when it is stored', () => {
  const { kept, sending } = scene();
  const entry = sending.add(found());
  sending.send(entry, 'add');
  sending.hear({ type: 'opened', id: entry.id, uploadId: 'u' });
  assert.deepEqual([...kept], [['u', 'handle of a']]);
  sending.hear({ type: 'done', id: entry.id, record: { id: 'f' }, contentPath: '/c' });
  assert.equal(kept.size, 0);
});

test('the handle of a resumed upload is kept only when its file was compared', () => {
  const { kept, sending } = scene();
  const entry = sending.add(found());
  entry.uploadId = 'u';
  sending.send(entry, 'resume');
  sending.hear({ type: 'opened', id: entry.id, uploadId: 'u' });
  sending.hear({ type: 'state', id: entry.id, state: 'sealing' });
  assert.equal(kept.size, 0);
  sending.hear({ type: 'state', id: entry.id, state: 'sending' });
  assert.equal(kept.size, 1);
});

test('a file that no worker has yet is paused and cancelled by the page alone', () => {
  const { workers, sending } = scene();
  const entries = Array.from({ length: 98 }, () => sending.add(found()));
  for (const entry of entries) sending.send(entry, 'add');
  const [waiting, other] = entries.slice(96);
  sending.pause(waiting);
  sending.cancel(other);
  assert.deepEqual([waiting.state, other.state], ['paused', 'cancelled']);
  assert.equal(workers.told.length, 96);
  sending.hear({ type: 'cancelled', id: entries[0].id });
  assert.equal(workers.told.length, 96, 'neither waits any more');
  sending.goOn(waiting);
  assert.deepEqual(workers.told.at(-1).slice(1, 3), ['add', waiting.id]);
});

test('a file that a worker has is paused once, when the worker says so', () => {
  const { workers, sending } = scene();
  const entry = sending.add(found());
  sending.send(entry, 'add');
  sending.pause(entry);
  sending.pause(entry);
  assert.deepEqual(methods(workers), ['add', 'pause']);
  assert.equal(entry.state, 'waiting');
  sending.hear({ type: 'paused', id: entry.id });
  assert.equal(entry.state, 'paused');
  sending.goOn(entry);
  assert.deepEqual(methods(workers), ['add', 'pause', 'goOn']);
});

test('a paused file makes room for the next', () => {
  const { workers, sending } = scene();
  const entries = Array.from({ length: 97 }, () => sending.add(found()));
  for (const entry of entries) sending.send(entry, 'add');
  sending.hear({ type: 'paused', id: entries[0].id });
  assert.deepEqual(workers.told.at(-1).slice(1, 3), ['add', entries[96].id]);
});

test('an answer says whether the file belongs to the unfinished upload', () => {
  const { workers, sending } = scene();
  for (const yes of [true, false]) {
    const entry = sending.add(found());
    entry.known = 'u';
    entry.enter('known');
    sending.answer(entry, yes);
  }
  assert.deepEqual(methods(workers), ['resume', 'add']);
  assert.equal(workers.told[0][3], 'u');
});

test('the rest of an unchecked file is sent only after a yes', () => {
  const { workers, sending } = scene();
  const entry = sending.add(found());
  sending.send(entry, 'add');
  sending.hear({ type: 'state', id: entry.id, state: 'sealing' });
  sending.hear({ type: 'unchecked', id: entry.id });
  assert.equal(entry.state, 'unchecked');
  sending.answer(entry, true);
  assert.deepEqual(workers.told.at(-1), ['web-crypto', 'confirm', entry.id, true]);
  assert.equal(entry.state, 'sealing');
});

test('a retry resumes what the server still has, and sends the rest as new', () => {
  const { workers, sending } = scene();
  for (const goesOn of [true, false]) {
    const entry = sending.add(found());
    sending.send(entry, 'add');
    sending.hear({ type: 'opened', id: entry.id, uploadId: 'u' });
    sending.hear({ type: 'failed', id: entry.id, failure: failureOf('x'), goesOn });
    sending.retry(entry);
  }
  assert.deepEqual(methods(workers), ['add', 'resume', 'add', 'add']);
});

test('another backend discards the old upload, because its worker does not know it', async () => {
  const { workers, sending } = scene();
  const entry = sending.add({ ...found(), handle: undefined });
  sending.send(entry, 'add');
  sending.hear({ type: 'opened', id: entry.id, uploadId: 'u' });
  sending.hear({ type: 'failed', id: entry.id, failure: failureOf('file_changed'), goesOn: true });
  workers.backend = 'aes-gcm';
  await sending.startAnew(entry, () => assert.fail('the file can be read'));
  assert.deepEqual(
    workers.told.slice(1).map((words) => words.slice(0, 2)),
    [
      ['aes-gcm', 'discard'],
      ['aes-gcm', 'startAnew'],
    ],
  );
  assert.equal(entry.uploadId, undefined);
});

test('a file that the browser can no longer read is chosen again', async () => {
  const { sending } = scene();
  const unreadable = { name: 'a', size: 1, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('changed')) }) };
  const entry = sending.add({ file: unreadable, name: 'a' });
  const again = found('b');
  await sending.startAnew(entry, async () => again);
  assert.equal(entry.file, again.file);
});

test('a worker that stops fails its files, and only those', () => {
  const { workers, sending } = scene();
  const [one, paused, other] = [found(), found(), found()].map((file) => sending.add(file));
  sending.send(one, 'add');
  sending.send(paused, 'add');
  sending.hear({ type: 'paused', id: paused.id });
  workers.backend = 'aes-gcm';
  sending.send(other, 'add');
  assert.equal(sending.stopped('web-crypto', failureOf('worker_stopped')), 2);
  assert.deepEqual([one.state, paused.state, other.state], ['failed', 'failed', 'waiting']);
  assert.ok(one.canGoOn);
});

test('figures are told apart from changes of the state', () => {
  const { changes, sending } = scene();
  const entry = sending.add(found());
  sending.send(entry, 'add');
  sending.hear({ type: 'comparing', id: entry.id, compared: 1, toCompare: 9 });
  sending.hear({ type: 'comparing', id: entry.id, compared: 2, toCompare: 9 });
  sending.hear({ type: 'progress', id: 99, sent: 1 });
  assert.deepEqual(changes.slice(1), [
    ['comparing', 'comparing'],
    ['comparing', 'figures'],
  ]);
});

test('a file that waits for the network goes on in its state', () => {
  const { sending } = scene();
  const entry = sending.add(found());
  sending.send(entry, 'add');
  sending.hear({ type: 'state', id: entry.id, state: 'sending' });
  sending.hear({ type: 'waiting', id: entry.id, reason: 'network' });
  assert.deepEqual([entry.state, entry.reason], ['waiting', 'network']);
  sending.hear({ type: 'goes-on', id: entry.id });
  assert.deepEqual([entry.state, entry.reason], ['sending', undefined]);
});
