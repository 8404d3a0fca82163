import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from '../common/failure.js';
import { isGone, remedies } from '../upload/failures.js';

const failed = (code, canGoOn, uploadId = 'u') => ({ state: 'failed', failure: failureOf(code), canGoOn, uploadId });

test('a failure that would come again offers nothing', () => {
  assert.deepEqual(remedies(failed('file_too_large', false)), []);
});

test('an upload that can be resumed is retried or discarded', () => {
  assert.deepEqual(remedies(failed('store_unavailable', true)), ['retry', 'discard']);
  assert.deepEqual(remedies(failed('server_unreachable', true, '')), ['retry']);
  assert.deepEqual(remedies(failed('other_tab', true)), ['retry']);
});

test('an upload that is over is sent as a new one', () => {
  assert.deepEqual(remedies(failed('upload_expired', false)), ['start-anew']);
});

test('a file that changed is sent as it is or chosen again', () => {
  assert.deepEqual(remedies(failed('file_changed', true)), ['start-anew', 'choose-again', 'discard']);
});

test('an upload that was left is continued with its file or discarded', () => {
  assert.deepEqual(remedies({ state: 'left', uploadId: 'u' }), ['choose-again', 'discard']);
  assert.deepEqual(remedies({ state: 'sending', uploadId: 'u' }), []);
});

test('only an upload that the server still has can be resumed', () => {
  assert.ok(!isGone({ state: 'left', uploadId: 'u' }));
  assert.ok(!isGone(failed('store_unavailable', true)));
  assert.ok(isGone(failed('upload_expired', false)));
  assert.ok(isGone({ state: 'cancelled', uploadId: 'u' }));
  assert.ok(isGone({ state: 'waiting' }));
});
