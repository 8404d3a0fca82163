import { FakeForm, settled } from './fake-page.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Login } from '../common/login.js';

function loginWith(...sources) {
  const form = new FakeForm();
  form.hidden = true;
  const told = [];
  const login = new Login(form, sources, {
    use: (apiKey) => told.push(`use ${apiKey}`),
    declined: () => told.push('declined'),
    asked: () => told.push('asked'),
  });
  return { login, form, told };
}

test('a typed key is used without the spaces around it', () => {
  const { login, form, told } = loginWith();
  form.submit('  sealift_a  ');
  assert.deepEqual(told, ['use sealift_a']);
  assert.equal(login.apiKey, 'sealift_a');
});

test('a key that no request can carry is refused in the form', () => {
  const { login, form, told } = loginWith();
  for (const text of ['', 'two words', 'schlüssel', 'a\u200bb']) form.submit(text);
  assert.deepEqual(told, []);
  assert.equal(login.apiKey, undefined);
});

test('a source is asked before the person, and missing sources are skipped', async () => {
  const { login, form, told } = loginWith(
    undefined,
    async () => undefined,
    () => ' k1\n',
  );
  assert.equal(await login.need(), true);
  assert.deepEqual(told, ['use k1']);
  assert.ok(form.hidden);
});

test('a source that fails does not keep the next from being asked', async () => {
  const { login, told } = loginWith(
    () => Promise.reject(new Error('no')),
    () => 'k2',
  );
  await login.offer();
  assert.deepEqual(told, ['use k2']);
});

test('the person is asked once, however many requests wait', async () => {
  const { login, form, told } = loginWith();
  const came = await Promise.all([login.need(), login.need(), login.need()]);
  assert.deepEqual(came, [false, false, false]);
  assert.deepEqual(told, ['asked']);
  assert.ok(!form.hidden && !form.decline.hidden);
});

test('a key that was refused is not fresh', async () => {
  const { login, told } = loginWith(() => 'old');
  await login.need();
  assert.equal(await login.need(), false);
  assert.deepEqual(told, ['use old', 'asked']);
});

test('a source whose keys are refused at once is not asked for ever', async () => {
  let count = 0;
  const { login, told } = loginWith(() => `k${(count += 1)}`);
  for (let refusals = 0; refusals < 5; refusals += 1) await login.need();
  assert.deepEqual(told, ['use k1', 'use k2', 'asked']);
});

test('a key that the person typed while a source was asked wins', async () => {
  let answer;
  const { login, form, told } = loginWith(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const came = login.need();
  form.submit('typed');
  answer('late');
  assert.equal(await came, true);
  assert.deepEqual(told, ['use typed']);
});

test('an offered form has no button to decline, because nothing waits', async () => {
  const { login, form, told } = loginWith();
  form.decline.hidden = true;
  await login.offer();
  assert.ok(!form.hidden && form.decline.hidden);
  assert.deepEqual(told, []);
});

test('whoever declines is asked again only by the next request', async () => {
  const { login, form, told } = loginWith();
  await login.need();
  form.decline.click();
  assert.ok(form.decline.hidden);
  await login.need();
  assert.deepEqual(told, ['asked', 'declined', 'asked']);
  login.dismiss();
  await settled();
  assert.ok(form.hidden);
});
