import './fake-page.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Entry } from '../upload/entry.js';

const entryOf = (size) => new Entry(1, { file: { size, name: 'a' }, name: 'folder/a' });

test('bytes that were stored before do not count as sent now', () => {
  const entry = entryOf(100);
  entry.enter('sealing');
  entry.progress(40);
  entry.enter('sending');
  entry.progress(60);
  assert.equal(entry.sent, 60);
  assert.equal(entry.sent - entry.leapt, 20);
});

test('bytes that must be sent again count as sent twice', () => {
  const entry = entryOf(100);
  entry.enter('sending');
  entry.progress(60);
  entry.unsend();
  entry.progress(60);
  assert.equal(entry.sent, 60);
  assert.equal(entry.sent - entry.leapt, 120);
});

test('after a pause an entry is in the state before it', () => {
  const entry = entryOf(1);
  entry.enter('sending');
  entry.enter('paused');
  assert.ok(entry.canContinue);
  entry.goesOn();
  assert.equal(entry.state, 'sending');
});

test('a file that the server checks can be cancelled but not paused', () => {
  const entry = entryOf(10);
  entry.enter('sending');
  entry.asked = 'pausing';
  entry.enter('checking');
  assert.equal(entry.asked, undefined);
  assert.ok(!entry.canPause);
  assert.ok(entry.canCancel);
  assert.equal(entry.sent, 10);
});

test('a question stays asked until the worker confirms it', () => {
  const entry = entryOf(10);
  entry.enter('sending');
  entry.asked = 'cancelling';
  entry.enter('checking');
  assert.equal(entry.asked, 'cancelling');
  entry.enter('cancelled');
  assert.equal(entry.asked, undefined);
  assert.ok(entry.hasEnded);
});

test('progress ends the words about a retry only if more was sent', () => {
  const entry = entryOf(10);
  entry.enter('sending');
  entry.progress(5);
  entry.isRetrying = true;
  entry.progress(5);
  assert.ok(entry.isRetrying);
  entry.progress(6);
  assert.ok(!entry.isRetrying);
});

test('a stored file has the address of its content', () => {
  const entry = entryOf(10);
  entry.done({ id: 'f' }, '/v1/files/f/content');
  assert.equal(entry.address, 'https://sealift.example/v1/files/f/content');
  assert.equal(entry.sent, 10);
});

test('a name is shown without the marks that would hide how it ends', () => {
  const entry = new Entry(1, { file: { size: 1 }, name: 'photo\u202egnp.exe' });
  assert.equal(entry.name, 'photo[U+202E]gnp.exe');
  assert.equal(entry.sentName, 'photo\u202egnp.exe');
});
