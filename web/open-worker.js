// The worker of a file's page: hands the page's wishes to the module, and the module's reports to the page.

import init, { Opener } from './sealift_browser.js';

async function ready() {
  await init();
  return new Opener((report) => postMessage(report));
}

const wishes = {
  logIn: (opener, { apiKey }) => opener.logIn(apiKey),
  logInDeclined: (opener) => opener.logInDeclined(),
  save: (opener, { fileId, size, picked, inMemory }) => opener.save(fileId, size, picked, inMemory),
  cancel: (opener) => opener.cancel(),
  leave: (opener) => opener.leave(),
};

// What cannot be gone on from: a fault of ours, as the module tells every failure as a message.
function stopped(reason) {
  console.error(reason);
  postMessage({ type: 'stopped', failure: { code: 'worker_stopped', detail: '', numbers: {} } });
}

self.addEventListener('unhandledrejection', (event) => stopped(event.reason));
self.addEventListener('error', (event) => stopped(event.error));

const opened = ready();
self.addEventListener('message', async ({ data }) => wishes[data.type](await opened, data));
