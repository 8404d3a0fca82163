// The worker: hands the page's wishes to the module, and the module's reports to the page.

import init, { Uploads } from './sealift_browser.js';

async function open(backend) {
  await init();
  const uploads = await Uploads.open(backend, (report) => postMessage(report));
  postMessage({ type: 'ready', policy: await uploads.policy() });
  return uploads;
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
  unfinished: (uploads, { question }) => answer(question, uploads.unfinished()),
  discard: (uploads, { question, uploadId }) => answer(question, uploads.discard(uploadId)),
};

async function answer(question, answered) {
  try {
    postMessage({ type: 'answer', question, value: await answered });
  } catch (failure) {
    if (!failure?.code) throw failure;
    postMessage({ type: 'answer', question, failure });
  }
}

// What cannot be gone on from. The module gives failures with a code; anything else is a fault of ours.
function stopped(reason) {
  console.error(reason);
  postMessage({ type: 'stopped', failure: reason?.code ? reason : { code: 'worker_stopped', detail: '', numbers: {} } });
}

self.addEventListener('unhandledrejection', (event) => stopped(event.reason));
self.addEventListener('error', (event) => stopped(event.error));

const opened = open(new URL(self.location).searchParams.get('backend') ?? 'web-crypto');
self.addEventListener('message', async ({ data }) => wishes[data.type](await opened, data));
