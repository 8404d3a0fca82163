// Whether this browser, and the way the page arrived, permit sealing and opening.

// The key of the sentence that says why files cannot be sealed; undefined where all is well.
export async function whyUnfit() {
  const unfit = whyUnfitToOpen();
  if (unfit || !navigator.locks) return unfit ?? 'oldBrowser';
  return (await mayStore()) ? undefined : 'noStorage';
}

// The same for opening them.
export function whyUnfitToOpen() {
  if (!globalThis.isSecureContext) return 'insecureContext';
  const has = globalThis.crypto?.subtle && globalThis.Worker && globalThis.WebAssembly && globalThis.BigInt;
  return has ? undefined : 'oldBrowser';
}

// Where a page may not store anything, browsers refuse it locks as well, and each upload takes one.
async function mayStore() {
  try {
    await navigator.locks.request('sealift-fit', { ifAvailable: true }, () => {});
    return true;
  } catch {
    return false;
  }
}
