// Every sentence of the page. `{name}` is filled in by `say`.

const sentences = {
  title: 'Send files, sealed',
  lead: 'Each file is encrypted in this browser and goes straight to storage. What leaves this device is sealed.',
  choose: 'Choose files',
  orDrop: 'or drop them anywhere on this page.',
  limit: 'At most {size} each.',
  listTitle: 'Your files',
  clear: 'Clear finished',
  advanced: 'Advanced',
  backend: 'What encrypts',
  webCrypto: 'The browser’s WebCrypto: fast, and its keys cannot be read back',
  aesGcm: 'AES-GCM in WebAssembly: slower, and independent of the browser’s. The result is the same',
  trust: 'The server can open what it stores for you. Storage, its backups and everybody on the way cannot.',

  apiKey: 'API key',
  apiKeyNote: 'This server asks for one. It is kept until this page is closed, and is not stored.',
  useApiKey: 'Use this key',
  apiKeyUsed: 'The API key is in use.',

  waiting: 'Waiting',
  sealing: 'Sealing',
  sending: 'Sending',
  retrying: 'No answer yet. Trying again',
  checking: 'Stored. The server is checking it',
  done: 'Sealed and stored',
  failed: 'Not sent',
  cancelled: 'Cancelled. It is not stored',
  cancelling: 'Cancelling',
  sentOf: '{sent} of {size}',
  perSecond: '{amount} per second',
  secondsLeft: 'about {count} seconds left',
  minutesLeft: 'about {count} minutes left',
  hoursLeft: 'about {count} hours left',
  almostThere: 'a few seconds left',

  cancel: 'Cancel',
  cancelName: 'Cancel {name}',
  retry: 'Try again',
  retryName: 'Try again: {name}',
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
  copyProblem: 'Copy for support',
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
  started: 'Sending {count} files.',
  startedOne: 'Sending {name}.',
  announceDone: '{name} is stored.',
  announceFailed: '{name} was not sent. {text}',
  announceCancelled: '{name} was cancelled.',
  announceManyDone: '{count} files are stored.',
  announceManyFailed: '{count} files were not sent.',
  progressName: 'Sent of {name}',
  progressAll: 'Sent of all files',

  folders: 'Folders cannot be sent. Choose the files in them instead.',
  insecureContext: 'Browsers offer encryption only to pages that arrive safely. Open this page by https, or on the machine it runs on.',
  oldBrowser: 'This browser lacks what sealing needs (WebCrypto, workers or WebAssembly). Update it, or use a current Chrome, Edge, Firefox or Safari.',
};

// What went wrong, and what to do next. Codes are the server's, and the browser module's own.
const TRY_AGAIN = 'Try again.';
const TRY_LATER = 'Try again in a few minutes.';
const TELL = 'If it happens again, send the code below to whoever runs this server.';
const problems = {
  file_changed: ['The file changed while it was sent, or can no longer be read.', 'Close what writes to it, then choose it again.'],
  file_too_large: ['This file is larger than the server takes ({most_bytes}).', 'Send a smaller one, or ask whoever runs this server to raise the limit.'],
  part_too_large: ['This file is too large for a browser.', 'Send it with the sealift command.'],
  invalid_name: ['The server does not take this file name.', 'Rename the file: at most 4,096 bytes, no control characters.'],
  browser_unfit: ['This browser does not encrypt as it should.', 'Update it, or use another browser.'],
  header_not_authentic: ['What the server sent does not fit together, so nothing was sealed.', TELL],
  answer_not_understood: ['The server gave an unexpected answer.', 'Load this page again; it may be older than the server.'],
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
  upload_expired: ['The upload took too long and ended.', 'Try again: it begins anew.'],
  upload_failed: ['What arrived in storage was not what was sealed, so it was removed.', 'Try again: it begins anew.'],
  upload_not_open: ['The server ended this upload.', 'Try again: it begins anew.'],
  part_already_sealed: ['The file is not the one that this upload began with.', 'Try again: it begins anew.'],
  token_reused: ['The file is not the one that this upload began with.', 'Try again: it begins anew.'],
  parts_missing: ['Storage does not have all of the file.', TRY_AGAIN],
  parts_differ: ['Storage has other bytes than were sealed.', 'Try again: it begins anew.'],
  object_replaced: ['Somebody replaced the object in storage.', TELL],
  object_damaged: ['The object in storage is damaged.', TELL],
  store_unavailable: ['The storage does not answer.', TRY_LATER],
  keys_unavailable: ['The server cannot reach its keys.', TRY_LATER],
  completing: ['The server is still checking the file.', TRY_LATER],
  shutting_down: ['The server is stopping.', TRY_LATER],
  internal: ['Something went wrong in the server.', `${TRY_AGAIN} ${TELL}`],
  not_found: ['The server no longer knows this upload.', 'Try again: it begins anew.'],
  invalid_request: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
  invalid_field: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
  method_not_allowed: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
  unsupported_media_type: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
  part_number_out_of_range: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
  range_not_satisfiable: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
  body_too_large: ['The server did not understand this page.', 'Load this page again; it may be older than the server.'],
};

export function say(key, values = {}) {
  return fill(sentences[key], values);
}

// The sentences for a failure: what happened, what to do next. Codes that the page does not know speak for themselves.
export function sayProblem(failure, values = {}) {
  const [text, next] = problems[failure.code] ?? [failure.detail, `${TRY_AGAIN} ${TELL}`];
  return { text: fill(text, values), next };
}

// Puts its sentence into every element that names one.
export function sayAll(root) {
  for (const element of root.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
