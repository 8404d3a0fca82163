// The page: hands chosen files to the worker and shows what comes of them.

import { Announcer } from './announcer.js';
import { downloadWithKey } from './download.js';
import { onDrop } from './drop.js';
import { whyUnfit } from './fit.js';
import { bytes } from './numbers.js';
import { Row } from './row.js';
import { say, sayAll, sayProblem } from './sentences.js';
import { Summary } from './summary.js';
import { Uploads } from './uploads.js';

const find = (id) => document.getElementById(id);
const announcer = new Announcer(find('announcer'));
const announce = (sentence, kind) => announcer.say(sentence, kind);
const summary = new Summary(find('summary-text'), find('summary-progress'));
const rows = new Map();
const uploadsOf = new Map();
let lastId = 0;
let apiKey;

function begin() {
  sayAll(document);
  const unfit = whyUnfit();
  if (unfit) return notice('unfit', say(unfit));
  const asked = new URLSearchParams(location.search).get('backend');
  const radio = document.querySelector(`[name=backend][value="${CSS.escape(asked ?? '')}"]`);
  if (radio) {
    radio.checked = true;
    find('advanced').open = true;
  }
  find('chooser').hidden = false;
  uploads(backend());
  listen();
}

function backend() {
  return document.querySelector('[name=backend]:checked').value;
}

// One worker a backend, made when it is first needed.
function uploads(name) {
  if (!uploadsOf.has(name)) {
    uploadsOf.set(name, new Uploads(name, (message) => hear(name, message)));
    if (apiKey) uploadsOf.get(name).logIn(apiKey);
  }
  return uploadsOf.get(name);
}

function add(files) {
  if (files.length === 0) return;
  find('list').hidden = false;
  notice('notice', '');
  for (const file of files) {
    lastId += 1;
    const row = new Row(lastId, file, find('row'), { cancel, retry: send, download, announce });
    rows.set(row.id, row);
    find('rows').append(row.element);
    send(row);
  }
  announce(files.length === 1 ? say('startedOne', { name: [...rows.values()].at(-1).name }) : say('started', { count: files.length }));
}

function send(row) {
  row.backend = backend();
  const hadFocus = row.element.contains(document.activeElement);
  row.enter('waiting');
  if (hadFocus) row.element.focus();
  uploads(row.backend).add(row.id, row.file);
  show();
}

function cancel(row) {
  row.cancelling();
  uploads(row.backend).cancel(row.id);
}

async function download(row, event) {
  if (!apiKey) return;
  event.preventDefault();
  announce(say('downloading'));
  try {
    await downloadWithKey(row.address, row.file.name, apiKey);
  } catch (error) {
    if (error.name !== 'AbortError') notice('notice', say('downloadFailed'));
  }
}

const heard = {
  ready: (message) => limits(message.policy),
  stopped: (message, name) => stopped(message.failure, name),
  state: (message, row) => row.enter(message.state),
  progress: (message, row) => row.progress(message.sent),
  retrying: (message, row) => row.retrying(),
  done(message, row) {
    row.done(message);
    announce(say('announceDone', { name: row.name }), 'done');
  },
  failed: (message, row) => failed(row, message.failure),
  cancelled(message, row) {
    row.enter('cancelled');
    announce(say('announceCancelled', { name: row.name }));
  },
};

function hear(name, message) {
  const row = rows.get(message.id);
  if (message.id !== undefined && !row) return;
  const hadFocus = row?.element.contains(document.activeElement);
  heard[message.type](message, row ?? name);
  // A button that was focused may be hidden by now.
  const focused = document.activeElement;
  const keepsFocus = row?.element.contains(focused) && focused.checkVisibility();
  if (hadFocus && !keepsFocus) row.element.focus();
  show();
}

function failed(row, failure) {
  const text = row.failed(failure);
  announce(say('announceFailed', { name: row.name, text }), 'failed');
  if (failure.code === 'unauthenticated') askForKey();
}

// The worker is gone: its files are not sent, and the next file gets a new worker.
function stopped(failure, name) {
  uploadsOf.get(name)?.end();
  uploadsOf.delete(name);
  const running = [...rows.values()].filter((row) => row.isRunning && row.backend === name);
  for (const row of running) failed(row, failure);
  if (running.length > 0) return;
  const { text, next } = sayProblem(failure);
  notice('notice', `${text} ${next}`);
}

function limits(policy) {
  find('limit').textContent = say('limit', { size: bytes(policy.most_bytes) });
  if (policy.login && !apiKey) find('login').hidden = false;
}

function askForKey() {
  find('login').hidden = false;
  find('api-key').focus();
}

let isShowing = false;

// Once a frame, however many files report: each time reads every row.
function show() {
  if (isShowing) return;
  isShowing = true;
  requestAnimationFrame(() => {
    isShowing = false;
    showNow();
  });
}

function showNow() {
  const all = [...rows.values()];
  summary.show(all);
  find('clear').hidden = !all.some((row) => !row.isRunning);
}

function notice(id, sentence) {
  find(id).textContent = sentence;
  find(id).hidden = sentence === '';
}

function listen() {
  find('files').addEventListener('change', ({ target }) => {
    add([...target.files]);
    // So that the same file can be chosen again.
    target.value = '';
  });
  onDrop(add, () => notice('notice', say('folders')));
  find('login').addEventListener('submit', (event) => {
    event.preventDefault();
    apiKey = find('api-key').value;
    for (const each of uploadsOf.values()) each.logIn(apiKey);
    announce(say('apiKeyUsed'));
    find('files').focus();
  });
  find('clear').addEventListener('click', () => {
    for (const row of [...rows.values()]) {
      if (row.isRunning) continue;
      row.element.remove();
      rows.delete(row.id);
    }
    find('list').hidden = rows.size === 0;
    find('files').focus();
    show();
  });
  window.addEventListener('beforeunload', (event) => {
    if ([...rows.values()].some((row) => row.isRunning)) event.preventDefault();
  });
}
begin();
