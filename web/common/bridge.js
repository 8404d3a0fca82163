// The bridge between a page and the worker that runs the wasm module: the page calls the methods of the module's object
// by name, and hears its messages.

import { failureOf, isFailure } from './failure.js';

/** @import { Failure } from '../module/report.js' */

/**
 * Ends the work of a worker: an error after which it cannot continue.
 *
 * @typedef {{ type: 'stopped', failure: Failure }} Stopped
 */

/**
 * The names of an object's methods.
 *
 * @template Module
 * @typedef {{ [Name in keyof Module]: Module[Name] extends (...values: any[]) => any ? Name : never }[keyof Module]} Methods
 */

/**
 * The values that a method takes.
 *
 * @template Module
 * @template {keyof Module} Name
 * @typedef {Module[Name] extends (...values: infer Values) => any ? Values : never} Values
 */

/**
 * A promise of what a method returns.
 *
 * @template Module
 * @template {keyof Module} Name
 * @typedef {Module[Name] extends (...values: any[]) => infer Result ? Promise<Awaited<Result>> : never} Result
 */

const STOPPED = failureOf('worker_stopped');

/** @type {TrustedTypePolicy | undefined} */
let policy;

/**
 * The page's side. `Module` is the module's object in the worker, and `Message` everything that it says.
 *
 * @template Module
 * @template {{ type: string }} Message
 */
export class Bridge {
  #worker;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (failure: Failure) => void }>} */
  #questions = new Map();
  #lastQuestion = 0;

  /**
   * Starts the worker of the script `address`. `hear` is called with every message.
   *
   * @param {URL} address
   * @param {(message: Message | Stopped) => void} hear
   */
  constructor(address, hear) {
    this.#worker = startWorker(address);
    this.#worker.addEventListener('message', ({ data }) => (data.type === 'answer' ? this.#answered(data) : hear(data)));
    this.#worker.addEventListener('error', () => hear({ type: 'stopped', failure: STOPPED }));
  }

  /**
   * Calls a method whose result nobody waits for.
   *
   * @template {Methods<Module>} Name
   * @param {Name} method
   * @param {Values<Module, Name>} values
   */
  tell(method, ...values) {
    this.#worker.postMessage({ method, values });
  }

  /**
   * Calls a method and resolves to its result, or rejects with a failure.
   *
   * @template {Methods<Module>} Name
   * @param {Name} method
   * @param {Values<Module, Name>} values
   * @returns {Result<Module, Name>}
   */
  ask(method, ...values) {
    const question = (this.#lastQuestion += 1);
    this.#worker.postMessage({ method, values, question });
    const answer = new Promise((resolve, reject) => this.#questions.set(question, { resolve, reject }));
    return /** @type {Result<Module, Name>} */ (answer);
  }

  end() {
    this.#worker.terminate();
    for (const { reject } of this.#questions.values()) reject(STOPPED);
    this.#questions.clear();
  }

  /** @param {{ question: number, value?: unknown, failure?: Failure }} answer */
  #answered({ question, value, failure }) {
    const asked = this.#questions.get(question);
    this.#questions.delete(question);
    if (failure) asked?.reject(failure);
    else asked?.resolve(value);
  }
}

/**
 * Starts a worker of the script `address`.
 *
 * @param {URL} address
 */
export function startWorker(address) {
  return new Worker(allowed(address), { type: 'module' });
}

/**
 * Returns the address as a worker takes it: under `require-trusted-types-for 'script'` it must be one that a policy
 * allows. A page, or a worker, has one script for its workers, and the policy allows no other.
 *
 * @param {URL} address
 * @returns {string}
 */
function allowed({ href, origin, pathname }) {
  policy ??= globalThis.trustedTypes?.createPolicy('sealift', {
    createScriptURL(other) {
      const url = new URL(other);
      if (url.origin === origin && url.pathname === pathname) return other;
      throw new TypeError('not a script of this page');
    },
  });
  return policy ? policy.createScriptURL(href) : href;
}

/**
 * The worker's side: calls the methods of the object that `opening` resolves to. A worker calls it once.
 *
 * @param {Promise<any>} opening
 */
export function serve(opening) {
  self.addEventListener('unhandledrejection', (event) => stopped(event.reason));
  self.addEventListener('error', (event) => stopped(event.error));
  self.addEventListener('message', async ({ data: { method, values, question } }) => {
    const module = await opening;
    const result = module[method](...values);
    if (question !== undefined) await answer(question, result);
  });
}

/**
 * @param {number} question
 * @param {unknown} result
 */
async function answer(question, result) {
  try {
    postMessage({ type: 'answer', question, value: await result });
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    postMessage({ type: 'answer', question, failure });
  }
}

/**
 * Reports an error after which the worker cannot continue. Unless the module reported it, it is a bug.
 *
 * @param {unknown} reason
 */
function stopped(reason) {
  console.error(reason);
  postMessage({ type: 'stopped', failure: isFailure(reason) ? reason : STOPPED });
}
