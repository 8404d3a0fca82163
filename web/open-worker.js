// The worker of a file's page: hands the page's wishes to the module, and the module's reports to the page.

import init, { Opener } from './sealift_browser.js';

async function ready() {
  await init();
  return new Opener((report) => postMessage(report));
}

const wishes = {
  logIn: (opener, { apiKey }) => opener.logIn(apiKey),
  about: (opener, { question, fileId }) => answer(question, opener.about(fileId)),
  redeem: (opener, { question, ticket }) => answer(question, opener.redeem(ticket)),
  save: (opener, { fileId, size, picked, inMemory }) => opener.save(fileId, size, picked, inMemory),
  cancel: (opener) => opener.cancel(),
};

async function answer(question, answered) {
  try {
    postMessage({ type: 'answer', question, value: await answered });
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    postMessage({ type: 'answer', question, failure });
  }
}

// The module gives failures with a code; the browser's own errors have a number by that name.
function isFailure(reason) {
  return typeof reason?.code === 'string';
}

// What cannot be gone on from. What is no failure of the module's is a fault of ours.
function stopped(reason) {
  console.error(reason);
  postMessage({ type: 'stopped', failure: isFailure(reason) ? reason : { code: 'worker_stopped', detail: '', numbers: {} } });
}

self.addEventListener('unhandledrejection', (event) => stopped(event.reason));
self.addEventListener('error', (event) => stopped(event.error));

const opened = ready();
self.addEventListener('message', async ({ data }) => wishes[data.type](await opened, data));
