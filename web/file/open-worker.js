// The worker of a file's page: passes commands from the page to the module, and reports back.

import init, { Opener } from '../module/sealift_browser.js';

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

// Reports an error after which the worker cannot continue. It is a bug, since the module reports failures as messages.
function stopped(reason) {
  console.error(reason);
  postMessage({ type: 'stopped', failure: { code: 'worker_stopped', detail: '', numbers: {} } });
}

self.addEventListener('unhandledrejection', (event) => stopped(event.reason));
self.addEventListener('error', (event) => stopped(event.error));

const opened = ready();
self.addEventListener('message', async ({ data }) => wishes[data.type](await opened, data));
