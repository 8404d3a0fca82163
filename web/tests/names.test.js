import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOf, shownName } from '../common/names.js';

test('marks that are invisible or reverse text become visible', () => {
  assert.equal(shownName('a\u0000b\nc\u200dd\u2028e\ufffd'), 'a[U+0000]b[U+000A]c[U+200D]d[U+2028]e[U+FFFD]');
  assert.equal(shownName('cod\u202etxt.exe'), 'cod[U+202E]txt.exe');
  assert.equal(shownName('half \ud83d'), 'half [U+D83D]');
  assert.equal(shownName('tag \u{e0041}'), 'tag [U+E0041]');
});

test('letters of every script and pictures stay', () => {
  const name = 'Übersicht مرحبا 写真 🦊.png';
  assert.equal(shownName(name), name);
});

test('a name that the server could not read is a sentence', () => {
  assert.equal(nameOf({ name: 'a\u0007' }), 'a[U+0007]');
  assert.equal(nameOf({ name: '', unreadable: ['name'] }), 'Name cannot be read');
  assert.equal(nameOf({ name: 'a', unreadable: ['verification'] }), 'a');
});
