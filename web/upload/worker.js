// The worker that sends files: passes commands from the page to the module, and reports back.

import init, { Uploads } from '../module/sealift_browser.js';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

async function open(backend) {
  await init();
  const uploads = await Uploads.open(backend, (report) => postMessage(report));
  if (!(await tellPolicy(uploads))) setTimeout(tellPolicyLater, FIRST_WAIT_MS, uploads, FIRST_WAIT_MS);
  return uploads;
}

// Posts the server's policy, and returns whether it was there. Files are sent even without it, because the server
// refuses those that are too large.
async function tellPolicy(uploads) {
  try {
    postMessage({ type: 'ready', policy: await uploads.policy() });
    return true;
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    postMessage({ type: 'away', failure });
    return false;
  }
}

async function tellPolicyLater(uploads, waitMs) {
  if (await tellPolicy(uploads)) return;
  const nextMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  setTimeout(tellPolicyLater, nextMs, uploads, nextMs);
}

const wishes = {
  add: (uploads, { id, file, name }) => uploads.add(id, file, name),
  resume: (uploads, { id, uploadId, file }) => uploads.resume(id, uploadId, file),
  startAnew: (uploads, { id, file, name }) => uploads.startAnew(id, file, name),
  pause: (uploads, { id }) => uploads.pause(id),
  goOn: (uploads, { id }) => uploads.goOn(id),
  confirm: (uploads, { id, yes }) => uploads.confirm(id, yes),
  cancel: (uploads, { id }) => uploads.cancel(id),
  logIn: (uploads, { apiKey }) => uploads.logIn(apiKey),
  logInDeclined: (uploads) => uploads.logInDeclined(),
  askAgain: (uploads) => uploads.askAgain(),
  unfinished: (uploads, { question }) => answer(question, uploads.unfinished()),
  discard: (uploads, { question, uploadId }) => answer(question, uploads.discard(uploadId)),
};

async function answer(question, answered) {
  try {
    postMessage({ type: 'answer', question, value: await answered });
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    postMessage({ type: 'answer', question, failure });
  }
}

// Failures of the module have a text as their code; the browser's own errors have a number there.
function isFailure(reason) {
  return typeof reason?.code === 'string';
}

// Reports an error after which the worker cannot continue. Unless the module reported it, it is a bug.
function stopped(reason) {
  console.error(reason);
  postMessage({ type: 'stopped', failure: isFailure(reason) ? reason : { code: 'worker_stopped', detail: '', numbers: {} } });
}

self.addEventListener('unhandledrejection', (event) => stopped(event.reason));
self.addEventListener('error', (event) => stopped(event.error));

const opened = open(new URL(self.location).searchParams.get('backend') ?? 'web-crypto');
self.addEventListener('message', async ({ data }) => wishes[data.type](await opened, data));
