// The page's side of the worker that sends files.

// Under `require-trusted-types-for 'script'` a worker must have a URL that this policy allows.
const WORKER = new URL('./worker.js', import.meta.url);
const policy = globalThis.trustedTypes?.createPolicy('sealift', {
  createScriptURL(address) {
    const url = new URL(address);
    if (url.origin === WORKER.origin && url.pathname === WORKER.pathname) return address;
    throw new TypeError('not a script of this page');
  },
});

const STOPPED = { code: 'worker_stopped', detail: '', numbers: {} };

export class Uploads {
  #worker;
  #questions = new Map();
  #lastQuestion = 0;

  // `backend` is `web-crypto` or `aes-gcm`. `hear` is called with every message: those of the module
  // (crates/browser/src/uploads.rs), `ready` with the server's policy, `away` with a failure while the
  // policy cannot be fetched, and `stopped` with a failure.
  constructor(backend, hear) {
    const address = `${WORKER.href}?backend=${encodeURIComponent(backend)}`;
    this.#worker = new Worker(policy ? policy.createScriptURL(address) : address, { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => (data.type === 'answer' ? this.#answered(data) : hear(data)));
    this.#worker.addEventListener('error', () => hear({ type: 'stopped', failure: STOPPED }));
  }

  // `name` includes the file's folders, which a file loses on its way to a worker.
  add(id, file, name) {
    this.#want('add', { id, file, name });
  }

  resume(id, uploadId, file) {
    this.#want('resume', { id, uploadId, file });
  }

  startAnew(id, file, name) {
    this.#want('startAnew', { id, file, name });
  }

  pause(id) {
    this.#want('pause', { id });
  }

  goOn(id) {
    this.#want('goOn', { id });
  }

  confirm(id, yes) {
    this.#want('confirm', { id, yes });
  }

  cancel(id) {
    this.#want('cancel', { id });
  }

  logIn(apiKey) {
    this.#want('logIn', { apiKey });
  }

  logInDeclined() {
    this.#want('logInDeclined');
  }

  askAgain() {
    this.#want('askAgain');
  }

  // Gets the caller's unfinished uploads from the server. Rejects with a failure.
  unfinished() {
    return this.#ask('unfinished');
  }

  // Discards an unfinished upload. Rejects with a failure.
  discard(uploadId) {
    return this.#ask('discard', { uploadId });
  }

  end() {
    this.#worker.terminate();
    for (const { reject } of this.#questions.values()) reject(STOPPED);
    this.#questions.clear();
  }

  #want(type, values) {
    this.#worker.postMessage({ type, ...values });
  }

  #ask(type, values) {
    const question = (this.#lastQuestion += 1);
    this.#want(type, { question, ...values });
    return new Promise((resolve, reject) => this.#questions.set(question, { resolve, reject }));
  }

  #answered({ question, value, failure }) {
    const { resolve, reject } = this.#questions.get(question);
    this.#questions.delete(question);
    if (failure) reject(failure);
    else resolve(value);
  }
}
