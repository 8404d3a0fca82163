import { FakeElement, fakeTemplate, held, settled } from './fake-page.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unfinished } from '../upload/unfinished.js';

const uploadOf = (id, name, size = 10) => ({ upload_id: id, name, size, opened_at_ms: 0, expires_at_ms: 0 });

async function loaded(uploads, { handles = {}, known = () => false, gone = true } = {}) {
  const section = new FakeElement();
  const told = [];
  const store = { uploadIds: async () => Object.keys(handles), of: async (id) => handles[id] };
  const unfinished = new Unfinished(section, fakeTemplate(), store, {
    goOn: (upload, found) => told.push(['goOn', upload.upload_id, found.file]),
    chooseAgain: async () => ({ file: 'chosen' }),
    discard: async () => gone,
    reload: () => told.push(['reload']),
    announce: (sentence) => told.push([sentence]),
  });
  await unfinished.load(async () => uploads, known);
  const list = section.querySelector('ol.files');
  const item = (id) => list.querySelector(`[data-upload-id="${id}"]`);
  return { unfinished, section, list, item, told };
}

test('uploads that the page already knows are not listed', async () => {
  const { list, section } = await loaded([uploadOf('a', 'x'), uploadOf('b', 'y')], { known: (id) => id === 'a' });
  assert.deepEqual(
    list.children.map(({ dataset }) => dataset.uploadId),
    ['b'],
  );
  assert.ok(!section.hidden);
});

test('a file belongs to an upload of its size and name, with or without folders', async () => {
  const { unfinished } = await loaded([uploadOf('a', 'folder/x', 10), uploadOf('b', 'x', 10), uploadOf('c', 'folder/z', 10)]);
  const match = (name, size) => unfinished.match({ file: { size }, name })?.upload_id;
  assert.equal(match('x', 10), 'b');
  assert.equal(match('folder/x', 10), 'a');
  assert.equal(match('z', 10), 'c');
  assert.equal(match('x', 11), undefined);
  assert.equal(match('r/x', 10), undefined);
});

test('only an upload with a handle is continued by one click', async () => {
  const handles = { a: { getFile: async () => 'its file' } };
  const { item, told } = await loaded([uploadOf('a', 'x'), uploadOf('b', 'y')], { handles });
  assert.ok(!item('a').querySelector('.continue').hidden);
  assert.ok(item('b').querySelector('.continue').hidden);
  item('a').querySelector('.continue').click();
  item('b').querySelector('.choose-again').click();
  await settled();
  assert.deepEqual(told.sort(), [
    ['goOn', 'a', 'its file'],
    ['goOn', 'b', 'chosen'],
  ]);
});

test('a file that may not be read any more is asked for in words', async () => {
  const handles = { a: { queryPermission: async () => 'prompt', requestPermission: async () => 'denied' } };
  const { item, told } = await loaded([uploadOf('a', 'x')], { handles });
  item('a').querySelector('.continue').click();
  await settled();
  assert.match(item('a').querySelector('.file-status').textContent, /can no longer read/);
  assert.equal(told.length, 1);
});

test('an upload of another tab is shown as such, and listed anew when that tab releases it', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  held.push('sealift-upload-b');
  const { item, told } = await loaded([uploadOf('a', 'x'), uploadOf('b', 'y')]);
  assert.match(item('a').querySelector('.file-status').textContent, /^Stopped/);
  assert.match(item('b').querySelector('.file-status').textContent, /another tab/);
  context.mock.timers.tick(2000);
  await settled();
  assert.deepEqual(told, []);
  held.pop();
  context.mock.timers.tick(2000);
  await settled();
  assert.deepEqual(told, [['reload']]);
});

test('a discarded upload leaves the list, and the last one hides it', async () => {
  const { item, list, section } = await loaded([uploadOf('a', 'x')]);
  item('a').querySelector('.discard').click();
  await settled();
  assert.equal(list.children.length, 0);
  assert.ok(section.hidden);
});

test('an upload that was not discarded stays', async () => {
  const { item, list } = await loaded([uploadOf('a', 'x')], { gone: false });
  item('a').querySelector('.discard').click();
  await settled();
  assert.equal(list.children.length, 1);
});
