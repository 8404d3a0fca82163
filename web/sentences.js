// Every sentence of the page. `{name}` is filled in by `say`.

const sentences = {
  title: 'Send files, sealed',
  lead: 'Each file is encrypted in this browser and goes straight to storage. What leaves this device is sealed.',
  choose: 'Choose files',
  chooseFolder: 'Choose a folder',
  orDrop: 'or drop or paste anywhere on this page.',
  limit: 'At most {size} each.',
  listTitle: 'Your files',
  clear: 'Clear finished',
  pauseAll: 'Pause all',
  continueAll: 'Continue all',
  cancelAll: 'Cancel all',
  cancelAllQuestion: 'Cancel all files that are not stored yet? What was sent of them is removed.',
  unfinishedTitle: 'Unfinished uploads',
  unfinishedNote: 'They go on where they stopped.',
  begun: 'Stopped. Begun {moment}',
  keptUntil: 'kept until {moment}',
  elsewhere: 'Another tab of this browser has it',
  notPermitted: 'The browser does not give this file any more. Choose it again.',
  advanced: 'Advanced',
  backend: 'What encrypts',
  webCrypto: 'The browser’s WebCrypto: fast, and its keys cannot be read back',
  aesGcm: 'AES-GCM in WebAssembly: slower, and independent of the browser’s. The result is the same',
  trust: 'The server can open what it stores for you. Storage, its backups and everybody on the way cannot.',

  apiKey: 'API key',
  apiKeyNote: 'This server asks for one. It is kept until this page is closed, and is not stored.',
  useApiKey: 'Use this key',
  apiKeyUsed: 'The API key is in use.',
  apiKeyAsked: 'The server asks for an API key. Files wait until you enter one.',
  apiKeyMarks: 'An API key has no spaces, accents or other special characters in it. Copy it again.',
  declineApiKey: 'Not now',

  waiting: 'Waiting',
  sealing: 'Sealing',
  sending: 'Sending',
  retrying: 'Interrupted. Trying again',
  checking: 'Stored. The server is checking it',
  done: 'Sealed and stored',
  failed: 'Not sent',
  cancelled: 'Cancelled. It is not stored',
  cancelling: 'Cancelling',
  comparing: 'Comparing with what was sent before',
  paused: 'Paused',
  pausing: 'Pausing',
  network: 'No network. It goes on by itself once there is one',
  credential: 'Waiting for an API key. It goes on once you have entered one above',
  unchecked: 'Waiting for your answer',
  known: 'Waiting for your answer',
  left: 'Stopped. What is stored is kept for now, and it can go on',
  sentOf: '{sent} of {size}',
  perSecond: '{amount} per second',
  secondsLeft: 'about {count} seconds left',
  minutesLeft: 'about {count} minutes left',
  hoursLeft: 'about {count} hours left',
  almostThere: 'a few seconds left',

  uncheckedQuestion: 'This file was modified since its upload began. What was sent before is the same in both; the rest cannot be compared. Is it the right file?',
  uncheckedYes: 'Yes, send the rest',
  uncheckedNo: 'No, stop here',
  knownQuestion: 'An unfinished upload has this name and size. Is this its file?',
  knownYes: 'Yes, continue it',
  knownNo: 'No, send it as a new file',

  pause: 'Pause',
  pauseName: 'Pause {name}',
  continue: 'Continue',
  continueName: 'Continue {name}',
  cancel: 'Cancel',
  cancelName: 'Cancel {name}',
  retry: 'Try again',
  retryName: 'Try again: {name}',
  startAnew: 'Start anew',
  startAnewName: 'Start anew: {name}',
  chooseAgain: 'Choose the file again',
  chooseAgainName: 'Choose the file again: {name}',
  chooseRight: 'Choose the right file',
  chooseRightName: 'Choose the right file: {name}',
  discard: 'Discard',
  discardName: 'Discard {name}',
  discardQuestion: 'Discard the upload of {name}? What was sent of it is removed.',
  keep: 'Keep',
  download: 'Download, decrypted',
  downloadName: 'Download, decrypted: {name}',
  downloading: 'Downloading',
  downloadFailed: 'The download stopped. Try it again.',
  copyAddress: 'Copy address',
  copyAddressName: 'Copy address: {name}',
  copy: 'Copy',
  copyName: 'Copy: {what}',
  copied: 'Copied',
  copyRefused: 'The browser did not allow copying. Select the text and copy it.',
  copyDetails: 'Copy details',
  details: 'Details',
  object: 'Object',
  encryptedDataKey: 'Encrypted data key',
  fileId: 'File id',
  sealedSize: 'Sealed size',
  request: 'request {id}',

  summaryOne: '1 file',
  summaryMany: '{count} files',
  summaryDone: '{count} stored',
  summaryFailed: '{count} not sent',
  summaryPaused: '{count} paused',
  started: 'Sending {count} files.',
  startedOne: 'Sending {name}.',
  announceDone: '{name} is stored.',
  announceFailed: '{name} was not sent. {text}',
  announceCancelled: '{name} was cancelled.',
  announceLeft: '{name} was stopped and can go on later.',
  announcePaused: '{name} is paused.',
  announceGoesOn: '{name} goes on.',
  announceDiscarded: '{name} was discarded.',
  announceManyDone: '{count} files are stored.',
  announceManyFailed: '{count} files were not sent.',
  progressName: 'Sent of {name}',
  progressAll: 'Sent of all files',

  unreadable: 'Could not be read: {names}. Close what uses it, or choose it another way.',
  unreadableMany: 'Could not be read: {names}, and {count} more. Close what uses them, or choose them another way.',
  noDialog: 'The browser did not open its dialog. Try again, or drop the files on this page.',
  serverAway: 'The server cannot be reached. This page asks it again by itself.',
  insecureContext: 'Browsers offer encryption only to pages that arrive safely. Open this page by https, or on the machine it runs on.',
  noStorage: 'This browser does not let this site store data, which sending needs: it keeps two tabs from sending the same file. Allow site data (cookies) for this address, then load the page again.',
  oldBrowser: 'This browser lacks what sealing needs (WebCrypto, workers, locks or WebAssembly). Update it, or use a current Chrome, Edge, Firefox or Safari.',
};

// What went wrong, and what to do next. Codes are the server's, and the browser module's own.
const TRY_AGAIN = 'Try again.';
const ANEW = 'Send the file anew.';
const TRY_LATER = 'Try again in a few minutes.';
const RELOAD = 'Load this page again; it may be older than the server.';
const NOT_UNDERSTOOD = 'The server did not understand this page.';
const TELL = 'If it happens again, send the code below to whoever runs this server.';
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
  records_unavailable: ['The server cannot write down what it does.', TRY_LATER],
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
  body_too_large: [NOT_UNDERSTOOD, RELOAD],
};

export function say(key, values = {}) {
  return fill(sentences[key], values);
}

// The sentences for a failure: what happened, what to do next. Codes that the page does not know speak for themselves.
export function sayProblem(failure, values = {}) {
  const [text, next] = problems[failure.code] ?? [failure.detail, `${TRY_AGAIN} ${TELL}`];
  return { text: fill(text, values), next };
}

// Puts its sentence into every element that names one, and its name for those who listen. That name begins with what
// is seen on a button, so that it can be called by it.
export function sayAll(root, values) {
  for (const element of root.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
  for (const element of root.querySelectorAll('[data-label]')) element.ariaLabel = say(element.dataset.label, values);
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}
