import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addSentences, say } from '../common/sentences.js';
import { sentencesOfReading } from '../common/sentences-of-reading.js';

const WEB = new URL('../', import.meta.url);
const ROOMS = ['common', 'common/parts', 'upload', 'files', 'file'];

function textsOf(ending) {
  const names = ROOMS.flatMap((room) => readdirSync(new URL(`${room}/`, WEB)).map((name) => `${room}/${name}`));
  return names.filter((name) => name.endsWith(ending)).map((name) => [name, readFileSync(new URL(name, WEB), 'utf8')]);
}

addSentences(sentencesOfReading);
const FILES = ['common/sentences.js', 'common/sentences-of-reading.js'];
const scripts = textsOf('.js').filter(([name]) => !FILES.includes(name));
const pages = textsOf('.html');
const sentences = textsOf('.js')
  .filter(([name]) => FILES.includes(name))
  .map(([, text]) => text)
  .join('\n');
const keys = [...sentences.matchAll(/^ {2}(\w+):/gm)].map(([, key]) => key);
const inMarkup = pages.flatMap(([, text]) => [...text.matchAll(/data-(?:say|label)="(\w+)"/g)].map(([, key]) => key));

test('no key has two sentences', () => {
  assert.ok(keys.length > 100);
  assert.deepEqual(
    keys.filter((key, place) => keys.indexOf(key) !== place),
    [],
  );
});

test('every key in the markup has a sentence', () => {
  assert.deepEqual(
    inMarkup.filter((key) => !keys.includes(key)),
    [],
  );
});

// A script writes a key as a text, or as a text and an ending: `${state}Question`. Some texts are the module's.
test('every sentence is said', () => {
  const code = scripts.map(([, text]) => text).join('\n');
  const ofModule = readFileSync(new URL('module/report.d.ts', WEB), 'utf8');
  const texts = new Set([...code.matchAll(/'([\w-]+)'/g), ...ofModule.matchAll(/"([\w-]+)"/g)].map(([, text]) => text));
  const endings = [...code.matchAll(/say\(`\$\{[^}]+\}(\w+)`/g), ...code.matchAll(/`\$\{sentence\}(\w+)`/g)].map(([, ending]) => ending);
  endings.push('More', 'One');
  const isSaid = (key) => inMarkup.includes(key) || texts.has(key) || endings.some((ending) => key.endsWith(ending) && texts.has(key.slice(0, -ending.length)));
  assert.deepEqual(
    keys.filter((key) => !isSaid(key)),
    [],
  );
});

test('values are filled in, and a missing one leaves nothing', () => {
  assert.equal(say('sentOf', { sent: 0, size: '1 kB' }), '0 of 1 kB');
  assert.equal(say('request', {}), 'request ');
});

test('the label of a button begins with its text, so that voice control finds it', () => {
  const buttons = pages.flatMap(([, text]) => [...text.matchAll(/data-say="(\w+)" data-label="(\w+)"/g)]);
  assert.ok(buttons.length > 10);
  for (const [, text, label] of buttons) assert.ok(say(label, { name: 'x' }).startsWith(say(text)), label);
});
