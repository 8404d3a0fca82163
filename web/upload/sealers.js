// The workers that seal parts: as many as make sealing faster on this machine. The module gives them tasks.

/**
 * One frame of a part: its parameters, its plaintext in the part's plaintext, and its ciphertext with the tag in the part's
 * memory.
 *
 * @typedef {{ parameters: AesGcmParams, from: number, until: number, at: number, end: number }} Frame
 */

/**
 * A part to seal. `start` and `end` are its plaintext in the file, `sealed` is its length, and `atOnce` the number of frames
 * that are given to the browser at once.
 *
 * @typedef {{ file: File, start: number, end: number, key: CryptoKey, frames: Frame[], atOnce: number, memory: ArrayBuffer,
 *   sealed: number }} Task
 */

/**
 * The result of a task. Its memory comes back, unless the worker was lost with it.
 *
 * @typedef {{ sha256?: ArrayBuffer, size?: number, lastModified?: number, failed?: string, memory?: ArrayBuffer }} Done
 */

// Sealing and hashing with four keep up with any network that a browser fills.
const MOST = 4;
const GIB_A_WORKER = 1;
const SAMPLE_BYTES = 2 * 1024 * 1024;
const ROUNDS = 4;
// Two cores take half the time. The rest is for noise.
const FASTER = 0.8;
// A worker that the browser ended says nothing. No part takes this long.
const PATIENCE_MS = 60_000;

/**
 * Returns how many workers this machine is good for: one for each core, and for each gibibyte of memory. Firefox and
 * Safari do not say how much memory there is.
 *
 * @param {{ hardwareConcurrency?: number, deviceMemory?: number }} machine
 */
export function sealersFor({ hardwareConcurrency = 1, deviceMemory = MOST }) {
  return Math.max(1, Math.min(MOST, hardwareConcurrency, Math.floor(deviceMemory / GIB_A_WORKER)));
}

/**
 * Measures whether two workers hash faster than one after the other. Older browsers have one thread for the cryptography
 * of all workers, so that more workers would only use memory. In one worker nothing can be measured: Chromium hashes on the
 * thread that asks.
 *
 * @param {(() => Promise<unknown>)[]} hashes one function for each worker
 */
export async function areFaster(hashes) {
  const [first = async () => {}, second = async () => {}] = hashes;
  // The first answer comes when the worker has started.
  await Promise.all([first(), second()]);
  let inTurn = Infinity;
  let atOnce = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await first();
    await second();
    const between = performance.now();
    await Promise.all([first(), second()]);
    inTurn = Math.min(inTurn, between - began);
    atOnce = Math.min(atOnce, performance.now() - between);
    // The first part waits for the result. More rounds are only for machines with other work.
    if (atOnce < inTurn * FASTER) return true;
  }
  return false;
}

/** Starts its workers with the first task, unless they were started before. Each has one task at a time. */
export class Sealers {
  #startOne;
  #pays;
  #patienceMs;
  /** @type {Promise<void> | undefined} */
  #started;
  #isEarly = false;
  /** @type {Worker[]} */
  #idle = [];
  #left = 0;
  /** @type {((worker: Worker | undefined) => void)[]} */
  #waiting = [];

  /**
   * `start` starts a worker of seal-worker.js. There are `count` of them if `pays` says that they are faster than one, and
   * otherwise none.
   *
   * @param {() => Worker} start
   * @param {number} count
   * @param {typeof areFaster} pays
   */
  constructor(start, count, pays = areFaster, patienceMs = PATIENCE_MS) {
    this.#startOne = start;
    this.#pays = pays;
    this.#patienceMs = patienceMs;
    this.count = count;
  }

  /**
   * Starts the workers before there is a task. One task that comes before they have started gets none, because the worker
   * that asks seals a part sooner than others start. If they cannot start, the next task says so.
   */
  startEarly() {
    if (this.#started) return;
    this.#isEarly = true;
    this.#started = this.#startAll();
    const end = () => {
      this.#isEarly = false;
    };
    this.#started.then(end, end);
  }

  /**
   * Lets a worker do a task. Resolves to `undefined`, and leaves the memory where it is, if no worker is to do it.
   *
   * @param {Task} task
   * @returns {Promise<Done | undefined>}
   */
  async seal(task) {
    if (this.#isEarly) {
      this.#isEarly = false;
      return undefined;
    }
    await (this.#started ??= this.#startAll());
    const worker = await this.#free();
    if (!worker) return undefined;
    // A task that cannot be sent counts as lost too, so that nobody waits for its worker.
    const done = await this.#ask(worker, task, [task.memory]).catch(() => undefined);
    if (done) this.#give(worker);
    else this.#lose(worker);
    return done ?? {};
  }

  async #startAll() {
    if (this.count < 2) return;
    const workers = Array.from({ length: this.count }, () => this.#startOne());
    const hash = async (/** @type {Worker} */ worker) => {
      const done = await this.#ask(worker, { sample: new Uint8Array(SAMPLE_BYTES) }, []);
      // A worker whose script does not load fails once, and then says nothing.
      if (!done) throw new Error('a worker is lost');
    };
    if (await this.#pays(workers.map((worker) => () => hash(worker))).catch(() => false)) {
      this.#idle = workers;
      this.#left = this.count;
    } else for (const worker of workers) worker.terminate();
  }

  /** @returns {Promise<Worker | undefined>} */
  async #free() {
    if (this.#idle.length > 0 || this.#left === 0) return this.#idle.pop();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param {Worker} worker */
  #give(worker) {
    const first = this.#waiting.shift();
    if (first) first(worker);
    else this.#idle.push(worker);
  }

  /** @param {Worker} worker */
  #lose(worker) {
    worker.terminate();
    this.#left -= 1;
    if (this.#left === 0) for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  /**
   * Resolves to `undefined` if no answer comes.
   *
   * @param {Worker} worker
   * @param {Task | { sample: Uint8Array }} task
   * @param {ArrayBuffer[]} transfer
   * @returns {Promise<Done | undefined>}
   */
  #ask(worker, task, transfer) {
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        resolve(data);
      };
      worker.onerror = (event) => {
        // Otherwise the worker that asks would have failed too.
        event.preventDefault();
        clearTimeout(timer);
        resolve(undefined);
      };
      worker.postMessage(task, transfer);
      const timer = setTimeout(resolve, this.#patienceMs);
    });
  }
}
