// What went wrong, and what to do next. Codes are the server's, and the browser module's own.

import { bytes } from './numbers.js';
import { fill } from './sentences.js';

const TRY_AGAIN = 'Try again.';
const ANEW = 'Send the file anew.';
const TRY_LATER = 'Try again in a few minutes.';
const RELOAD = 'Load this page again; it may be older than the server.';
const NOT_UNDERSTOOD = 'The server did not understand this page.';
const TELL = 'If it happens again, send the code below to whoever runs this server.';

// While a file is sent.
const problems = {
  file_changed: ['The file changed since its upload began, or can no longer be read.', 'Send it anew as it is now, or choose the file that it was.'],
  other_tab: ['Another row or tab of this page has this upload.', 'Go on there, or end it there and try again.'],
  not_taken_back: ['The server could not be told to remove what was sent of this file.', 'Discard it later, or go on with it. It is removed by itself after some days.'],
  upload_gone: ['The server has ended this upload.', ANEW],
  no_room: ['A part of this file needs {needed_bytes} of this device’s disk while it is sent; this page may use {free_bytes}.', 'Free some space, then try again.'],
  file_too_large: ['This file is larger than the server takes ({most_bytes}).', 'Send a smaller one, or ask whoever runs this server to raise the limit.'],
  part_too_large: ['This file is too large for a browser.', 'Send it with the sealift command.'],
  invalid_name: ['The server does not take this file name.', 'Rename the file: at most 4,096 bytes, no control characters.'],
  browser_unfit: ['This browser does not encrypt as it should.', 'Update it, or use another browser.'],
  header_not_authentic: ['What the server sent does not fit together, so nothing was sealed.', TELL],
  answer_not_understood: ['The server gave an unexpected answer.', RELOAD],
  server_unreachable: ['The server cannot be reached.', 'Check your connection, then try again.'],
  server_refused: ['Something between this page and the server refused the request.', TELL],
  store_unreachable: ['The storage cannot be reached.', 'Check your connection, then try again.'],
  store_refused: ['The storage did not take the file.', `${TRY_AGAIN} ${TELL}`],
  worker_stopped: ['The part of this page that seals files has stopped.', 'Load the page again, then choose the file again.'],

  unauthenticated: ['The server asks for an API key, or does not know this one.', 'Enter the key above, then try again.'],
  forbidden: ['This API key may not send files.', 'Use another, or ask whoever gave it to you.'],
  host_not_allowed: ['This server takes requests from its own machine only.', 'Open the page there, by the address that it printed.'],
  insecure_transport: ['The server gives keys over safe connections only.', 'Open this page by https.'],
  too_many_requests: ['Too much is under way at once.', TRY_LATER],
  upload_expired: ['The upload took too long and ended.', ANEW],
  upload_failed: ['What arrived in storage was not what was sealed, so it was removed.', ANEW],
  upload_not_open: ['The server ended this upload.', ANEW],
  part_already_sealed: ['The file is not the one that this upload began with.', ANEW],
  token_reused: ['The file is not the one that this upload began with.', ANEW],
  parts_missing: ['Storage does not have all of the file.', TRY_AGAIN],
  parts_differ: ['Storage has other bytes than were sealed.', ANEW],
  object_replaced: ['Somebody replaced the object in storage.', TELL],
  object_damaged: ['The object in storage is damaged.', TELL],
  store_unavailable: ['The storage does not answer.', TRY_LATER],
  refused_by_store: ['The storage refused what the server asked of it ({store_code}).', 'Send the code below to whoever runs this server. Try again when it is mended; what was sent stays.'],
  records_unavailable: ['The server cannot write down what it does.', TRY_LATER],
  read_only: ['This server is read-only, because its database was put back from a backup.', 'Files can be downloaded. Whoever runs this server ends it with: sealift records new-epoch --yes'],
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

// Where files are looked at, opened, shared or deleted.
const ofReading = {
  not_found: ['There is no such file here, or it was deleted.', 'Look whether the address is whole.'],
  unauthenticated: ['The server asks for an API key, or does not know this one.', 'Enter the key above, then try again.'],
  forbidden: ['This API key may not do this.', 'Use another, or ask whoever gave it to you.'],
  ticket_used: ['This link was used already, has ended, was taken back, or is not whole.', 'Each link works once. Look whether all of it was copied, else ask for a new one.'],
  reading_ended: ['The time in which this browser could read the file is over.', 'Ask whoever sent the link for a new one.'],
  object_damaged: ['The stored object is damaged, so nothing was saved.', TELL],
  object_replaced: ['Somebody replaced the stored object, so nothing was saved.', TELL],
  header_not_authentic: ['What the server sent does not fit together, so nothing was opened.', TELL],
  too_many_reads: ['Too many downloads are under way at once.', TRY_LATER],
  too_large_for_this_browser: ['This file is larger than a page can save in this browser.', 'Open it in Chrome or Edge on a computer, or with the sealift command.'],
  not_saved: ['The file could not be written to this device.', 'Look whether its disk is full or the place may be written to, then try again.'],
  no_room: ['This file needs {needed_bytes} of this device’s disk; this page may use {free_bytes}.', 'Free some space, then try again.'],
  browser_unfit: ['This browser does not decrypt as it should.', 'Update it, or use another browser.'],
  store_refused: ['The storage did not give the file.', `${TRY_AGAIN} ${TELL}`],
  refused_by_store: ['The storage refused what the server asked of it ({store_code}).', 'Send the code below to whoever runs this server. Try again when it is mended.'],
  worker_stopped: ['The part of this page that opens files has stopped.', 'Load the page again.'],
};

// The sentences for a failure while a file is sent. Codes that the pages do not know speak for themselves.
export function sayFailure(failure) {
  return sentencesOf(failure, problems[failure.code]);
}

// The same about a file that is there.
export function sayReadFailure(failure) {
  return sentencesOf(failure, ofReading[failure.code] ?? problems[failure.code]);
}

function sentencesOf(failure, known) {
  const [text, next] = known ?? [failure.detail, `${TRY_AGAIN} ${TELL}`];
  const sizes = Object.entries(failure.numbers ?? {}).filter(([what]) => what.endsWith('_bytes'));
  const values = { ...Object.fromEntries(sizes.map(([what, count]) => [what, bytes(count)])), store_code: storeCode(failure.numbers) };
  return { text: fill(text, values), next };
}

// The store's own word for a refusal, or the status where it gave none.
function storeCode(numbers = {}) {
  return numbers.store_code === '-' ? `status ${numbers.store_status}` : numbers.store_code;
}
