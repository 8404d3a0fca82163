import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Speed } from '../common/speed.js';

test('a speed is unknown before it was measured for a while', () => {
  const speed = new Speed();
  assert.equal(speed.perSecond(), 0);
  speed.note(0, 0);
  speed.note(1000, 1000);
  assert.equal(speed.perSecond(), 0);
  speed.note(2000, 2000);
  assert.equal(speed.perSecond(), 1000);
});

test('only the last seconds count', () => {
  const speed = new Speed();
  for (let second = 0; second <= 20; second += 1) speed.note(second < 10 ? 0 : (second - 10) * 500, second * 1000);
  assert.equal(speed.perSecond(), 500);
});

test('a speed is never negative', () => {
  const speed = new Speed();
  speed.note(5000, 0);
  speed.note(0, 2000);
  assert.equal(speed.perSecond(), 0);
});

test('a forgotten speed is measured anew', () => {
  const speed = new Speed();
  speed.note(0, 0);
  speed.note(9000, 3000);
  speed.forget();
  assert.equal(speed.perSecond(), 0);
});
