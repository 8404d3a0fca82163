// The sentences for failures: what went wrong, and what to do next. Codes are those of the server and of the module.

import { bytes } from './numbers.js';
import { fill } from './sentences.js';

/** @import { ProblemCode } from '../module/api.js' */
/** @import { Failure } from '../module/report.js' */

/**
 * What went wrong, and what to do next.
 *
 * @typedef {[text: string, next: string]} Sentences
 */

const TRY_AGAIN = 'Try again.';
const ANEW = 'Send the file again.';
const TRY_LATER = 'Try again in a few minutes.';
const RELOAD = 'Load this page again; it may be older than the server.';
const NOT_UNDERSTOOD = 'The server did not understand this page.';
const TELL = 'If it happens again, send the code below to whoever runs this server.';

/**
 * For failures while a file is sent.
 *
 * @type {Record<string, Sentences> & Record<Exclude<ProblemCode, 'ticket_used' | 'too_many_reads'>, Sentences>}
 */
const problems = {
  file_changed: ['The file changed since its upload began, or can no longer be read.', 'Send it as it is now, or choose the original file.'],
  other_tab: ['This upload is open in another row or tab.', 'Continue there, or stop it there and try again.'],
  not_taken_back: ['The sent part of this file could not be removed.', 'Discard it later, or continue it. The server removes it after some days.'],
  upload_gone: ['The server has ended this upload.', ANEW],
  no_room: ['Sending this file needs {needed_bytes} of this device’s disk; this page may use {free_bytes}.', 'Free some space, then try again.'],
  file_too_large: ['This file is larger than the server accepts ({most_bytes}).', 'Send a smaller one, or ask whoever runs this server to raise the limit.'],
  part_too_large: ['This file is too large for a browser.', 'Send it with the sealift command.'],
  invalid_name: ['The server does not accept this file name.', 'Rename the file: at most 4,096 bytes, no control characters.'],
  browser_unfit: ['This browser does not encrypt as it should.', 'Update it, or use another browser.'],
  header_not_authentic: ['The server’s data does not belong together, so nothing was sent.', TELL],
  answer_not_understood: ['The server gave an unexpected answer.', RELOAD],
  server_unreachable: ['The server cannot be reached.', 'Check your connection, then try again.'],
  server_refused: ['Something between this page and the server refused the request.', TELL],
  store_unreachable: ['The storage cannot be reached.', 'Check your connection, then try again.'],
  store_refused: ['The storage did not accept the file.', `${TRY_AGAIN} ${TELL}`],
  worker_stopped: ['The part of this page that seals files has stopped.', 'Load the page again, then choose the file again.'],

  unauthenticated: ['The server asks for an API key, or does not know this one.', 'Enter the key above, then try again.'],
  forbidden: ['This API key may not send files.', 'Use another, or ask whoever gave it to you.'],
  host_not_allowed: ['This server accepts requests from its own machine only.', 'Open the page there, at the address that the server printed.'],
  insecure_transport: ['The server sends keys over secure connections only.', 'Open this page by https.'],
  too_many_requests: ['There are too many requests at once.', TRY_LATER],
  upload_expired: ['The upload took too long and ended.', ANEW],
  upload_failed: ['The stored bytes differ from those that were sent, so they were removed.', ANEW],
  upload_not_open: ['The server has ended this upload.', ANEW],
  part_already_sealed: ['The file is not the one that this upload began with.', ANEW],
  token_reused: ['The file is not the one that this upload began with.', ANEW],
  parts_missing: ['The storage does not have the whole file.', TRY_AGAIN],
  parts_differ: ['The stored bytes differ from those that were sent.', ANEW],
  object_replaced: ['Somebody replaced the object in storage.', TELL],
  object_damaged: ['The object in storage is damaged.', TELL],
  store_unavailable: ['The storage does not answer.', TRY_LATER],
  refused_by_store: ['The storage refused what the server asked of it ({store_code}).', `${TRY_AGAIN} ${TELL}`],
  refused_by_kms: ['The key service (KMS) refused the server ({kms_code}).', `${TRY_AGAIN} ${TELL}`],
  records_unavailable: ['The server cannot use its database.', TRY_LATER],
  read_only: [
    'This server is read-only, because its database was restored from a backup.',
    'You can download files. Whoever runs this server can end this with: sealift records new-epoch --yes',
  ],
  keys_unavailable: ['The server cannot reach its keys.', TRY_LATER],
  completing: ['The server is still checking the file.', TRY_LATER],
  shutting_down: ['The server is stopping.', TRY_LATER],
  internal: ['Something went wrong in the server.', `${TRY_AGAIN} ${TELL}`],
  not_found: ['The server no longer knows this upload.', ANEW],
  invalid_request: [NOT_UNDERSTOOD, RELOAD],
  invalid_field: [NOT_UNDERSTOOD, RELOAD],
  method_not_allowed: [NOT_UNDERSTOOD, RELOAD],
  unsupported_media_type: [NOT_UNDERSTOOD, RELOAD],
  part_number_out_of_range: [NOT_UNDERSTOOD, RELOAD],
  range_not_satisfiable: [NOT_UNDERSTOOD, RELOAD],
  precondition_failed: [NOT_UNDERSTOOD, RELOAD],
  body_too_large: [NOT_UNDERSTOOD, RELOAD],
  not_one_file: [NOT_UNDERSTOOD, RELOAD],
};

/**
 * For failures while stored files are listed, downloaded, shared or deleted.
 *
 * @type {Record<string, Sentences>}
 */
const ofReading = {
  not_found: ['There is no such file here, or it was deleted.', 'Check that the address is complete.'],
  unauthenticated: ['The server asks for an API key, or does not know this one.', 'Enter the key above, then try again.'],
  forbidden: ['This API key may not do this.', 'Use another, or ask whoever gave it to you.'],
  ticket_used: [
    'This link was already used, has expired, was revoked, or is incomplete.',
    'Each link works once. Check that you copied all of it, or ask for a new one.',
  ],
  reading_ended: ['This browser’s time to read the file is over.', 'Ask whoever sent the link for a new one.'],
  object_damaged: ['The stored object is damaged, so nothing was saved.', TELL],
  object_replaced: ['Somebody replaced the stored object, so nothing was saved.', TELL],
  header_not_authentic: ['The server’s data does not belong together, so nothing was decrypted.', TELL],
  too_many_reads: ['Too many downloads are under way at once.', TRY_LATER],
  too_large_for_this_browser: [
    'This file is larger than a page can save in this browser.',
    'Open it in Chrome or Edge on a computer, or with the sealift command.',
  ],
  not_saved: ['The file could not be written to this device.', 'Check that the disk has room and that you may write there, then try again.'],
  no_room: ['This file needs {needed_bytes} of this device’s disk; this page may use {free_bytes}.', 'Free some space, then try again.'],
  browser_unfit: ['This browser does not decrypt as it should.', 'Update it, or use another browser.'],
  store_refused: ['The storage did not send the file.', `${TRY_AGAIN} ${TELL}`],
  worker_stopped: ['The part of this page that decrypts files has stopped.', 'Load the page again.'],
};

/**
 * Returns the sentences for a failure while a file is sent. Unknown codes get the server's own sentence.
 *
 * @param {Failure} failure
 */
export function sayFailure(failure) {
  return sentencesOf(failure, problems[failure.code]);
}

/**
 * Returns the sentences for a failure about a stored file.
 *
 * @param {Failure} failure
 */
export function sayReadFailure(failure) {
  return sentencesOf(failure, ofReading[failure.code] ?? problems[failure.code]);
}

/**
 * @param {Failure} failure
 * @param {Sentences | undefined} known
 */
function sentencesOf({ detail, numbers }, known) {
  const [text, next] = known ?? [detail, `${TRY_AGAIN} ${TELL}`];
  const sizes = Object.entries(numbers).filter(([what]) => what.endsWith('_bytes'));
  const shown = Object.fromEntries(sizes.map(([what, count]) => [what, bytes(Number(count))]));
  const values = { ...numbers, ...shown, store_code: storeCode(numbers) };
  return { text: fill(text, values), next };
}

/**
 * Returns the store's error code, or the status if it sent none.
 *
 * @param {Failure['numbers']} numbers
 */
function storeCode(numbers) {
  return numbers.store_code === '-' ? `status ${numbers.store_status}` : numbers.store_code;
}
