import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from '../upload/queue.js';

function filled(count) {
  const handed = [];
  const queue = new Queue((entry) => handed.push(entry));
  for (let entry = 1; entry <= count; entry += 1) queue.put(entry);
  return { queue, handed };
}

test('the worker gets 96 files at a time, in their order', () => {
  const { handed } = filled(200);
  assert.deepEqual(
    handed,
    Array.from({ length: 96 }, (_, place) => place + 1),
  );
});

test('a file that ends makes room for the next', () => {
  const { queue, handed } = filled(98);
  queue.release([3]);
  assert.equal(handed.at(-1), 97);
  queue.release([1, 2]);
  assert.equal(handed.at(-1), 98);
});

test('a file that is released while it waits is never handed over', () => {
  const { queue, handed } = filled(98);
  queue.release([97]);
  queue.release([1]);
  assert.deepEqual(handed.slice(96), [98]);
});

test('a file that is put again comes last', () => {
  const { queue, handed } = filled(97);
  queue.release([1]);
  queue.put(1);
  queue.release([2]);
  assert.deepEqual(handed.slice(96), [97, 1]);
});
