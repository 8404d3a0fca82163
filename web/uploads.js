// The page's side of the worker.

// Under `require-trusted-types-for 'script'` only what this policy lets through becomes a worker.
const WORKER = new URL('./worker.js', import.meta.url);
const policy = globalThis.trustedTypes?.createPolicy('sealift', {
  createScriptURL(address) {
    const url = new URL(address);
    if (url.origin === WORKER.origin && url.pathname === WORKER.pathname) return address;
    throw new TypeError('not a script of this page');
  },
});

export class Uploads {
  #worker;

  // `backend` is `web-crypto` or `aes-gcm`. `hear` is called with every message: those of the module
  // (crates/browser/src/uploads.rs), `ready` with the server's policy, and `stopped` with a failure.
  constructor(backend, hear) {
    const address = `${WORKER.href}?backend=${encodeURIComponent(backend)}`;
    this.#worker = new Worker(policy ? policy.createScriptURL(address) : address, { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => hear(data));
    this.#worker.addEventListener('error', () => {
      hear({ type: 'stopped', failure: { code: 'worker_stopped', detail: '', numbers: {} } });
    });
  }

  add(id, file) {
    this.#worker.postMessage({ type: 'add', id, file });
  }

  cancel(id) {
    this.#worker.postMessage({ type: 'cancel', id });
  }

  logIn(apiKey) {
    this.#worker.postMessage({ type: 'logIn', apiKey });
  }

  end() {
    this.#worker.terminate();
  }
}
