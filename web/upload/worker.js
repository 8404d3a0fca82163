// The worker that sends files. Besides the module's messages it posts the server's limits.

import init, { Uploads } from '../module/sealift_browser.js';
import { serve, startWorker } from '../common/bridge.js';
import { isFailure } from '../common/failure.js';
import { Sealers, sealersFor } from './sealers.js';

/** @import { Policy } from '../module/api.js' */
/** @import { Failure, Report } from '../module/report.js' */

/**
 * What the worker says: the messages of the module, `ready` with the server's policy, and `away` with a failure while
 * the policy cannot be fetched.
 *
 * @typedef {Report | { type: 'ready', policy: Policy } | { type: 'away', failure: Failure }} UploadMessage
 */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

// Parts of fewer bytes are for no worker: `FEWEST_BYTES` of crates/browser/src/sealing_pool.rs.
const LARGE = 1024 * 1024;

const sealers = new Sealers(startSealer, sealersFor(navigator));

/** @param {string} backend */
async function open(backend) {
  await init();
  const uploads = await Uploads.open(backend, say, { sealers });
  if (!(await tellPolicy(uploads))) setTimeout(tellPolicyLater, FIRST_WAIT_MS, uploads, FIRST_WAIT_MS);
  return uploads;
}

function startSealer() {
  return startWorker(new URL('./seal-worker.js', import.meta.url));
}

/** @param {UploadMessage} message */
function say(message) {
  postMessage(message);
}

/**
 * Posts the server's policy, and returns whether it was there. Files are sent even without it, because the server
 * refuses those that are too large.
 *
 * @param {Uploads} uploads
 */
async function tellPolicy(uploads) {
  try {
    say({ type: 'ready', policy: await uploads.policy() });
    return true;
  } catch (failure) {
    if (!isFailure(failure)) throw failure;
    say({ type: 'away', failure });
    return false;
  }
}

/**
 * @param {Uploads} uploads
 * @param {number} waitMs
 */
async function tellPolicyLater(uploads, waitMs) {
  if (await tellPolicy(uploads)) return;
  const nextMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  setTimeout(tellPolicyLater, nextMs, uploads, nextMs);
}

const backend = new URL(self.location.href).searchParams.get('backend') ?? 'web-crypto';
// The workers start while the upload of a large file is opened.
self.addEventListener('message', ({ data }) => {
  const isLarge = (/** @type {unknown} */ value) => value instanceof File && value.size >= LARGE;
  if (backend === 'web-crypto' && data.values?.some(isLarge)) sealers.startEarly();
});
serve(open(backend));
