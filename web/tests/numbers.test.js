import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, bytes, timeLeft } from '../common/numbers.js';

test('sizes have three digits at most, and their unit', () => {
  const shown = [0, 1, 2, 999, 1000, 1049, 99_949, 99_950, 999_499, 999_500, 5e9, 999.5e12, 1e15, 5e18].map(bytes);
  assert.deepEqual(shown, [
    '0 bytes',
    '1 byte',
    '2 bytes',
    '999 bytes',
    '1.0 kB',
    '1.0 kB',
    '99.9 kB',
    '100 kB',
    '999 kB',
    '1.0 MB',
    '5.0 GB',
    '1.0 PB',
    '1.0 PB',
    '5,000 PB',
  ]);
});

test('speeds are not always whole bytes', () => {
  assert.deepEqual([0.4, 1.2, 999.4, 999.6].map(bytes), ['0 bytes', '1 byte', '999 bytes', '1.0 kB']);
});

test('counts are grouped', () => {
  assert.equal(amount(10_000), '10,000');
});

test('the time that is left is rounded to what people can use', () => {
  assert.deepEqual([0, 5, 89, 90, 5399, 5400, 20_000].map(timeLeft), [
    'a few seconds left',
    'about 5 seconds left',
    'about 90 seconds left',
    'about 2 minutes left',
    'about 90 minutes left',
    'about 2 hours left',
    'about 6 hours left',
  ]);
});
