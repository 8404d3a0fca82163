import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { detailsOfOpening } from '../common/details.js';
import { failureOf } from '../common/failure.js';
import { sayFailure, sayReadFailure } from '../common/problems.js';

test('sizes in a sentence have units', () => {
  const { text } = sayFailure({ ...failureOf('file_too_large', 413), numbers: { most_bytes: 5e9, size: 6e9 } });
  assert.equal(text, 'This file is larger than the server accepts (5.0 GB).');
});

test('the store is named by its code, or by its status if it sent none', () => {
  const say = (numbers) => sayFailure({ ...failureOf('refused_by_store', 424), numbers }).text;
  assert.match(say({ store_code: 'AccessDenied', store_status: 403 }), /\(AccessDenied\)/);
  assert.match(say({ store_code: '-', store_status: 403 }), /\(status 403\)/);
});

test('the details for support hold the code of the store or of KMS, and no text of theirs', () => {
  // Node.js 20 has no navigator.
  if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: { userAgent: 'Node.js' } });
  const failure = { ...failureOf('refused_by_kms', 424), numbers: { kms_code: 'DisabledException', kms_text: 'the key is secret' } };
  const file = { state: 'failed', size: 1, opened: 0 };
  const told = detailsOfOpening('f1', file, failure);
  assert.match(told, /^kms_code: DisabledException$/m);
  assert.doesNotMatch(told, /secret/);
});

test('a code that this page does not know gets the own sentence of the server', () => {
  const failure = { ...failureOf('of_a_newer_server'), detail: 'It is new.' };
  assert.equal(sayFailure(failure).text, 'It is new.');
  assert.equal(sayReadFailure(failure).text, 'It is new.');
});

test('reading has sentences of its own, and those of sending for the rest', () => {
  assert.notEqual(sayReadFailure(failureOf('not_found')).text, sayFailure(failureOf('not_found')).text);
  assert.deepEqual(sayReadFailure(failureOf('keys_unavailable')), sayFailure(failureOf('keys_unavailable')));
});

test('every code of the server has two sentences, and none keeps a brace', () => {
  const api = readFileSync(new URL('../module/api.d.ts', import.meta.url), 'utf8');
  const codes = [...api.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
  assert.ok(codes.length > 30);
  for (const code of codes) {
    const { text, next } = sayReadFailure({ ...failureOf(code), numbers: { store_code: 'X', kms_code: 'X' } });
    assert.ok(text && next, code);
    assert.doesNotMatch(text + next, /[{}]/, code);
  }
});
