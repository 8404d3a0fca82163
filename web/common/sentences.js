// The sentences of all pages; those of the pages that list and read files are in sentences-of-reading.js, those for
// failures in problems.js. `say` fills in `{name}`.

/** @import { OfReading } from './sentences-of-reading.js' */

const sentences = {
  title: 'Send files, sealed',
  lead: 'Each file is encrypted in this browser and goes straight to storage. Only sealed bytes leave this device.',
  choose: 'Choose files',
  chooseFolder: 'Choose a folder',
  orDrop: 'or drop or paste anywhere on this page.',
  limit: 'At most {size} each.',
  listTitle: 'Your files',
  clear: 'Clear finished',
  pauseAll: 'Pause all',
  continueAll: 'Continue all',
  cancelAll: 'Cancel all',
  cancelAllQuestion: 'Cancel all files that are not stored yet? Their sent parts are removed.',
  unfinishedTitle: 'Unfinished uploads',
  unfinishedNote: 'They continue where they stopped.',
  begun: 'Stopped. Started {moment}',
  keptUntil: 'kept until {moment}',
  elsewhere: 'Open in another tab of this browser',
  notPermitted: 'The browser can no longer read this file. Choose it again.',
  advanced: 'Advanced',
  backend: 'Encryption',
  webCrypto: 'The browser’s WebCrypto: fast, and its keys cannot be read back',
  aesGcm: 'AES-GCM in WebAssembly: slower, but independent of the browser. The result is the same',
  trust: 'The server can decrypt your files. The storage, its backups and everybody on the way cannot.',

  apiKey: 'API key',
  apiKeyNote: 'This server asks for one. It is kept until this page is closed, and is not stored.',
  apiKeyRefused: 'The server does not accept this key, or no longer does. Copy it again, or ask for another.',
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
  network: 'No network. It continues once there is one',
  credential: 'Waiting for an API key. Enter one above to continue',
  unchecked: 'Waiting for your answer',
  known: 'Waiting for your answer',
  left: 'Stopped. The stored part is kept for now, and you can continue',
  sentOf: '{sent} of {size}',
  perSecond: '{amount} per second',
  secondsLeft: 'about {count} seconds left',
  minutesLeft: 'about {count} minutes left',
  hoursLeft: 'about {count} hours left',
  almostThere: 'a few seconds left',

  uncheckedQuestion: 'This file was modified after its upload began. The part that was sent is unchanged; the rest cannot be compared. Is this the right file?',
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
  startAnew: 'Start over',
  startAnewName: 'Start over: {name}',
  chooseAgain: 'Choose the file again',
  chooseAgainName: 'Choose the file again: {name}',
  chooseRight: 'Choose the right file',
  chooseRightName: 'Choose the right file: {name}',
  discard: 'Discard',
  discardName: 'Discard {name}',
  discardQuestion: 'Discard the upload of {name}? Its sent part is removed.',
  keep: 'Keep',
  download: 'Download, decrypted',
  downloadName: 'Download, decrypted: {name}',
  downloading: 'Downloading',
  downloadFailed: 'The download stopped. Try again.',
  copy: 'Copy',
  copyName: 'Copy: {what}',
  copied: 'Copied',
  copyRefused: 'The browser did not allow copying. Select the text and copy it.',
  copyDetails: 'Copy details',
  details: 'Details',
  address: 'Address of the decrypted file',
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
  announceLeft: '{name} was stopped and can continue later.',
  announcePaused: '{name} is paused.',
  announceGoesOn: '{name} continues.',
  announceDiscarded: '{name} was discarded.',
  announceManyDone: '{count} files are stored.',
  announceManyFailed: '{count} files were not sent.',
  progressName: 'Progress of {name}',
  progressAll: 'Progress of all files',

  navUpload: 'Send',
  navFiles: 'Files',
  open: 'Open',
  openName: 'Open {name}',
  share: 'Share',
  shareName: 'Share {name}',
  delete: 'Delete',
  deleteName: 'Delete {name}',
  deleteQuestion: 'Delete {name}? It cannot be brought back.',
  announceDeleted: '{name} is deleted.',
  mediaType: 'Media type',
  plaintextSha256: 'SHA-256 of the file',
  verified: 'Verified {moment}',
  pending: 'Not verified yet',
  nameUnreadable: 'Name cannot be read',
  verificationUnreadable: 'The result of verification cannot be read',
  recordUnreadable: 'The server’s record of this file is partly damaged. You can still download or delete the file. Tell whoever runs this server.',
  damaged: 'Verification failed {moment}',
  damagedNext: 'The stored file is damaged or was replaced. Send it again if you still have it, and tell whoever runs this server.',

  damagedShared: 'The stored file is damaged or was replaced. Tell whoever shared it with you.',
  sentAt: 'Sent {moment}',

  shareTitle: 'Share this file',
  shareNote:
    'The link works once: whoever opens it first can read this file until 15 minutes after their last use, for 24 hours at most. Send it in a way that you trust.',
  shareEnds: 'It expires after',
  oneHour: '1 hour',
  oneDay: '1 day',
  sevenDays: '7 days',
  thirtyDays: '30 days',
  makeLink: 'Make a link',
  shareLink: 'The link',
  shareMade: 'Works once, until {moment}. It is shown only now.',
  copyLink: 'Copy the link',
  revokeLink: 'Revoke the link',
  announceMade: 'The link is ready.',
  announceRevoked: 'The link no longer works.',
  close: 'Close',

  unreadable: 'Could not be read: {names}. Close what uses it, or choose it another way.',
  unreadableMany: 'Could not be read: {names}, and {count} more. Close what uses them, or choose them another way.',
  emptyFolder: 'There are no files to send in {names}.',
  emptyFolderMany: 'There are no files to send in {names}, and in {count} more folders.',
  nothingChosen: 'No file was chosen. A folder without files has nothing to send.',
  notFiles: 'That was not a file. Drop files or folders here.',
  noDialog: 'The browser did not open its dialog. Try again, or drop the files on this page.',
  serverAway: 'The server cannot be reached. This page keeps trying.',
  insecureContext: 'Browsers allow encryption only on secure pages. Open this page by https, or on the machine that the server runs on.',
  noStorage:
    'This browser does not let this site store data. Sending needs that, to keep two tabs from sending the same file. Allow site data (cookies) for this address, then load the page again.',
  oldBrowser:
    'This browser lacks what this page needs (WebCrypto, workers, locks or WebAssembly). Update it, or use a current Chrome, Edge, Firefox or Safari.',
};

/** @typedef {keyof typeof sentences | keyof OfReading} Key */

/** @typedef {Record<string, unknown>} Values */

/** @type {Record<string, string>} */
const known = sentences;

/**
 * Adds the sentences that only some pages need, so that the page that sends files loads without them.
 *
 * @param {Record<string, string>} more
 */
export function addSentences(more) {
  Object.assign(known, more);
}

/**
 * @param {Key} key
 * @param {Values} [values]
 */
export function say(key, values = {}) {
  return fill(known[key] ?? '', values);
}

/**
 * Fills in the sentence of every element that names one, and its label for screen readers. The label of a button begins
 * with its visible text, so that voice control finds it.
 *
 * @param {ParentNode} root
 * @param {Values} [values]
 */
export function sayAll(root, values) {
  for (const [element, key] of named(root, 'say')) element.textContent = say(key);
  for (const [element, key] of named(root, 'label')) element.ariaLabel = say(key, values);
}

/**
 * Returns the elements that name a sentence in their attribute `data-say` or `data-label`. The tests compare the markup
 * with the sentences.
 *
 * @param {ParentNode} root
 * @param {string} attribute
 * @returns {[Element, Key][]}
 */
function named(root, attribute) {
  return [...root.querySelectorAll(`[data-${attribute}]`)].map((element) => [element, /** @type {Key} */ (element.getAttribute(`data-${attribute}`))]);
}

/**
 * Returns the sentence with its values filled in.
 *
 * @param {string} sentence
 * @param {Values} values
 * @returns {string}
 */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}
