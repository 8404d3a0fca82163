// The page that sends files: passes chosen files to `Sending`, and shows what happens to them.

import { announceChange, sayNames } from './announcements.js';
import { Announcer } from '../common/announcer.js';
import { Awake } from '../common/awake.js';
import { Chooser } from './choose.js';
import { downloadWithKey } from './download.js';
import { isGone, remedies } from './failures.js';
import { failureOf, isFailure, isNamed } from '../common/failure.js';
import { find } from '../common/find.js';
import { whyUnfit } from '../common/fit.js';
import { unhurried } from './folders.js';
import { Handles } from './handles.js';
import { KeyBetweenTabs } from '../common/key-between-tabs.js';
import { Login } from '../common/login.js';
import { nameOf, shownName } from '../common/names.js';
import { bytes } from '../common/numbers.js';
import { Question } from '../common/question.js';
import { sayFailure } from '../common/problems.js';
import { Rows } from './rows.js';
import { Sending } from './sending.js';
import { say, sayAll } from '../common/sentences.js';
import { Server } from '../common/server.js';
import { Share } from '../common/share.js';
import { Summary } from './summary.js';
import { Unfinished } from './unfinished.js';
import { Workers } from './workers.js';

/** @import { Policy, UploadSummary } from '../module/api.js' */
/** @import { Failure } from '../module/report.js' */
/** @import { Announce } from '../common/announcer.js' */
/** @import { Stopped } from '../common/bridge.js' */
/** @import { KeySource } from '../common/login.js' */
/** @import { Entry } from './entry.js' */
/** @import { Found, FoundFile } from './folders.js' */
/** @import { Action } from './row.js' */
/** @import { Change } from './sending.js' */
/** @import { FileAgain } from './unfinished.js' */
/** @import { UploadMessage } from './worker.js' */

const announcer = new Announcer(find('announcer'));
/** @type {Announce} */
const announce = (sentence, kind) => announcer.say(sentence, kind);
const question = new Question(find('ask', 'dialog'));
const summary = new Summary(find('summary-text'), find('summary-progress', 'progress'));
const handles = new Handles();
const workers = new Workers(backend, hear);
const sending = new Sending(workers, handles, told);
const awake = new Awake(() => sending.entries.some((entry) => entry.isRunning));
const server = new Server();
const share = new Share(find('share', 'dialog'), server, announce);
const keys = new KeyBetweenTabs();
const rows = new Rows(find('rows'), find('row', 'template'), { action, download, share: shareFile, announce });
const unfinished = new Unfinished(find('unfinished'), find('unfinished-item', 'template'), handles, {
  goOn: goOnWith,
  chooseAgain,
  discard: discardUnfinished,
  reload: loadUnfinished,
  announce,
});
/** @type {Chooser} */
let chooser;
/** @type {Login} */
let login;
let isAway = false;

/**
 * `refresh` is called before the person is asked for an API key. docs/PAGE.md says how a page of one's own uses it.
 *
 * @param {{ refresh?: KeySource }} [options]
 */
export async function startPage({ refresh } = {}) {
  sayAll(document);
  const unfit = await whyUnfit();
  if (unfit) {
    notice('unfit', say(unfit));
    return;
  }
  const asked = new URLSearchParams(location.search).get('backend');
  const radio = document.querySelector(`[name=backend][value="${CSS.escape(asked ?? '')}"]`);
  if (radio instanceof HTMLInputElement) {
    radio.checked = true;
    find('advanced', 'details').open = true;
  }
  find('chooser').hidden = false;
  const inputs = { files: find('files', 'input'), folder: find('folder', 'input'), again: find('again', 'input') };
  chooser = new Chooser(inputs, add, {
    refused: () => notice('notice', say('noDialog')),
    notFiles: () => notice('notice', say('notFiles')),
  });
  login = new Login(find('login', 'form'), [() => keys.ask(), refresh], {
    use: logIn,
    declined: () => {
      workers.logInDeclined();
      find('files').focus();
    },
    asked: () => announce(say('apiKeyAsked')),
  });
  find('pause-all').addEventListener('click', pauseAll);
  find('continue-all').addEventListener('click', continueAll);
  find('cancel-all').addEventListener('click', cancelAll);
  find('clear').addEventListener('click', clear);
  workers.current();
}

function backend() {
  const checked = find('advanced').querySelector(':checked');
  return checked instanceof HTMLInputElement ? checked.value : '';
}

/** @param {AsyncIterable<Found> | Found[]} source */
async function add(source) {
  notice('notice', '');
  const started = [];
  const unreadable = [];
  const empty = [];
  for await (const found of unhurried(source)) {
    if ('unreadable' in found) unreadable.push(shownName(found.unreadable));
    else if ('empty' in found) empty.push(shownName(found.empty));
    else started.push(start(found));
  }
  const sentences = [];
  if (unreadable.length > 0) sentences.push(sayNames('unreadable', unreadable));
  if (empty.length > 0) sentences.push(sayNames('emptyFolder', empty));
  if (started.length + sentences.length === 0) sentences.push(say('nothingChosen'));
  if (sentences.length > 0) notice('notice', sentences.join(' '));
  const [first] = started;
  if (first && started.length === 1) announce(say('startedOne', { name: first.name }));
  else if (started.length > 1) announce(say('started', { count: started.length }));
}

/** @param {FoundFile} found */
function start(found) {
  const entry = sending.add(found);
  const known = unfinished.match(found)?.upload_id;
  // One question about the same upload is enough.
  if (known && !sending.entries.some((other) => other.state === 'known' && other.known === known)) {
    entry.known = known;
    entry.enter('known');
  } else {
    sending.send(entry, 'add');
  }
  list(entry);
  return entry;
}

/**
 * Turns an unfinished upload into a row and resumes it.
 *
 * @param {UploadSummary} upload
 * @param {FileAgain} found
 */
function goOnWith(upload, { file, handle }) {
  if (sending.knows(upload.upload_id)) return;
  const entry = sending.add({ file, handle, name: upload.name || file.name });
  entry.uploadId = upload.upload_id;
  sending.send(entry, 'resume');
  list(entry);
}

/** @param {Entry} entry */
function list(entry) {
  find('list').hidden = false;
  rows.add(entry);
  show();
}

/** @param {Entry} entry */
function shareFile({ record }) {
  if (record) share.open(record);
}

/**
 * @param {Action} what
 * @param {Entry} entry
 */
function action(what, entry) {
  /** @type {Record<Action, () => void>} */
  const actions = {
    pause: () => sending.pause(entry),
    continue: () => sending.goOn(entry),
    cancel: () => sending.cancel(entry),
    retry: () => sending.retry(entry),
    'start-anew': () => sending.startAnew(entry, chooseAgain),
    'choose-again': async () => sending.chooseAgain(entry, await chooseAgain()),
    discard: () => discard(entry.name, () => sending.discard(entry)),
    'confirm-yes': () => sending.answer(entry, true),
    'confirm-no': () => sending.answer(entry, false),
  };
  actions[what]();
}

// Pauses the last first, so that waiting files do not start when others pause.
async function pauseAll() {
  for await (const entry of unhurried(sending.entries.reverse())) sending.pause(entry);
}

async function continueAll() {
  for await (const entry of unhurried(sending.entries)) {
    if (remedies(entry).includes('retry')) sending.retry(entry);
    else sending.goOn(entry);
  }
}

async function cancelAll() {
  if (!(await question.ask(say('cancelAllQuestion'), say('cancelAll')))) return;
  for await (const entry of unhurried(sending.entries.reverse())) sending.cancel(entry);
}

/** @returns {Promise<FoundFile>} */
function chooseAgain() {
  return chooser.again();
}

/** @param {UploadSummary} upload */
function discardUnfinished(upload) {
  return discard(nameOf(upload), async () => {
    await workers.current().ask('discard', upload.upload_id);
    handles.forget(upload.upload_id);
  });
}

/**
 * Asks, then discards. Returns whether the upload is gone.
 *
 * @param {string} name
 * @param {() => Promise<void>} end
 */
async function discard(name, end) {
  if (!(await question.ask(say('discardQuestion', { name }), say('discard')))) return false;
  try {
    await end();
    announce(say('announceDiscarded', { name }));
    return true;
  } catch (failure) {
    noticeFailure(failure);
    return false;
  }
}

function clear() {
  const ended = sending.entries.filter((entry) => entry.hasEnded);
  rows.remove(ended);
  for (const entry of ended) sending.remove(entry);
  find('list').hidden = sending.entries.length === 0;
  find('files').focus();
  show();
  // Failed uploads that can be resumed are listed there from now on.
  if (ended.some((entry) => !isGone(entry))) loadUnfinished();
}

/**
 * @param {Entry} entry
 * @param {Event} event
 */
async function download(entry, event) {
  if (!login.apiKey) return;
  event.preventDefault();
  announce(say('downloading'));
  try {
    await downloadWithKey(entry.address, entry.file.name, login.apiKey);
  } catch (error) {
    if (!isNamed(error, 'AbortError')) notice('notice', say('downloadFailed'));
  }
}

/**
 * Handles a message of a worker. Most of them are about one file.
 *
 * @param {string} name
 * @param {UploadMessage | Stopped} message
 */
function hear(name, message) {
  if (message.type === 'ready') ready(message.policy);
  else if (message.type === 'away') away(message.failure);
  else if (message.type === 'stopped') stopped(name, message.failure);
  else if (message.type === 'credential-needed') login.need();
  else sending.hear(message);
}

/** @param {Policy} policy */
function ready(policy) {
  if (isAway) notice('notice', '');
  isAway = false;
  find('limit').textContent = say('limit', { size: bytes(policy.most_bytes) });
  if (policy.read_only) noticeFailure(failureOf('read_only'));
  if (policy.login && !login.apiKey) login.offer();
  else loadUnfinished();
}

/**
 * The worker could not get the server's limits, and keeps asking.
 *
 * @param {Failure} failure
 */
function away(failure) {
  if (isAway) return;
  isAway = true;
  if (failure.code === 'server_unreachable') notice('notice', say('serverAway'));
  else noticeFailure(failure);
}

/**
 * The worker is gone, so its files fail and the next file gets a new worker.
 *
 * @param {string} name
 * @param {Failure} failure
 */
function stopped(name, failure) {
  workers.end(name);
  if (sending.stopped(name, failure) === 0) noticeFailure(failure);
}

/** @param {string} apiKey */
function logIn(apiKey) {
  workers.logIn(apiKey);
  server.logIn(apiKey);
  keys.keep(apiKey);
  notice('notice', '');
  announce(say('apiKeyUsed'));
  if (find('login').contains(document.activeElement)) find('files').focus();
  loadUnfinished();
}

async function loadUnfinished() {
  try {
    await unfinished.load(
      () => workers.current().ask('unfinished'),
      (uploadId) => sending.knows(uploadId),
    );
  } catch (failure) {
    // They are loaded again with another key.
    if (isFailure(failure) && failure.code === 'unauthenticated') login.need();
    else noticeFailure(failure);
  }
}

/**
 * Shows and announces a change of an entry.
 *
 * @param {Entry} entry
 * @param {Change} [what]
 */
function told(entry, what) {
  if (what === 'figures') {
    late.add(entry);
    show();
    return;
  }
  rows.show(entry);
  if (entry.uploadId) unfinished.remove(entry.uploadId);
  if (what) announceChange(entry, what, announce);
  show();
}

// Figures change so often that drawing each change would take longer than sealing.
const DRAW_EVERY_MS = 250;
/** @type {Set<Entry>} */
const late = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let shownAt = 0;

function show() {
  if (timer === undefined) timer = setTimeout(showNow, Math.max(0, shownAt + DRAW_EVERY_MS - performance.now()));
}

function showNow() {
  timer = undefined;
  shownAt = performance.now();
  for (const entry of late) rows.show(entry);
  late.clear();
  const { entries } = sending;
  summary.show(entries);
  awake.look();
  find('pause-all').hidden = !entries.some((entry) => entry.canPause);
  find('continue-all').hidden = !entries.some((entry) => entry.canContinue || entry.state === 'known' || remedies(entry).includes('retry'));
  find('cancel-all').hidden = !entries.some((entry) => entry.canCancel);
  find('clear').hidden = !entries.some((entry) => entry.hasEnded);
}

/** @param {unknown} failure */
function noticeFailure(failure) {
  if (!isFailure(failure)) throw failure;
  const { text, next } = sayFailure(failure);
  notice('notice', `${text} ${next}`);
}

/**
 * @param {string} id
 * @param {string} sentence
 */
function notice(id, sentence) {
  find(id).textContent = sentence;
  find(id).hidden = sentence === '';
}
