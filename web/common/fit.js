// Checks whether this browser, and the way the page was loaded, allow encryption and decryption.

/** @import { Key } from './sentences.js' */

/**
 * Returns the key of the sentence that says why files cannot be encrypted, or undefined if they can.
 *
 * @returns {Promise<Key | undefined>}
 */
export async function whyUnfit() {
  const unfit = whyUnfitToOpen();
  if (unfit || !('locks' in navigator)) return unfit ?? 'oldBrowser';
  return (await mayStore()) ? undefined : 'noStorage';
}

/**
 * Returns the key of the sentence that says why files cannot be decrypted, or undefined if they can.
 *
 * @returns {Key | undefined}
 */
export function whyUnfitToOpen() {
  if (!globalThis.isSecureContext) return 'insecureContext';
  const needed = [globalThis.crypto?.subtle, globalThis.Worker, globalThis.WebAssembly, globalThis.BigInt];
  return needed.every(Boolean) ? undefined : 'oldBrowser';
}

// Browsers that let a page store nothing refuse it locks too, and each upload takes one.
async function mayStore() {
  try {
    await navigator.locks.request('sealift-fit', { ifAvailable: true }, () => {});
    return true;
  } catch {
    return false;
  }
}
