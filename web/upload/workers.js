// Keeps one worker for each backend, made when it is first needed.

import { Bridge } from '../common/bridge.js';

/** @import { Uploads } from '../module/sealift_browser.js' */
/** @import { Stopped } from '../common/bridge.js' */
/** @import { UploadMessage } from './worker.js' */

/** @typedef {Bridge<Uploads, UploadMessage>} UploadWorker */

const SCRIPT = './worker.js';

export class Workers {
  /** @type {Map<string, UploadWorker>} */
  #workerOf = new Map();
  #chosen;
  #hear;
  /** @type {string | undefined} */
  #apiKey;
  #isDeclined = false;

  /**
   * `chosen` returns the backend for the next files, `web-crypto` or `aes-gcm`. `hear(name, message)` gets every message.
   *
   * @param {() => string} chosen
   * @param {(name: string, message: UploadMessage | Stopped) => void} hear
   */
  constructor(chosen, hear) {
    this.#chosen = chosen;
    this.#hear = hear;
  }

  chosen() {
    return this.#chosen();
  }

  current() {
    return this.of(this.#chosen());
  }

  /** @param {string} name */
  of(name) {
    const there = this.#workerOf.get(name);
    if (there) return there;
    const address = new URL(SCRIPT, import.meta.url);
    address.searchParams.set('backend', name);
    /** @type {UploadWorker} */
    const worker = new Bridge(address, (message) => this.#hear(name, message));
    this.#workerOf.set(name, worker);
    if (this.#apiKey) worker.tell('logIn', this.#apiKey);
    if (this.#isDeclined) worker.tell('logInDeclined');
    return worker;
  }

  /** @param {string} apiKey */
  logIn(apiKey) {
    this.#apiKey = apiKey;
    this.#isDeclined = false;
    for (const worker of this.#workerOf.values()) worker.tell('logIn', apiKey);
  }

  logInDeclined() {
    this.#isDeclined = true;
    for (const worker of this.#workerOf.values()) worker.tell('logInDeclined');
  }

  // Allows one more question for a key, because the person sends something again.
  askAgain() {
    if (!this.#isDeclined) return;
    this.#isDeclined = false;
    for (const worker of this.#workerOf.values()) worker.tell('askAgain');
  }

  /**
   * Ends a stopped worker, so that the next files get a new one.
   *
   * @param {string} name
   */
  end(name) {
    this.#workerOf.get(name)?.end();
    this.#workerOf.delete(name);
  }
}
