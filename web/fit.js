// Whether this browser, and the way the page arrived, permit sealing.

// The key of the sentence that says why not; undefined where all is well.
export async function whyUnfit() {
  if (!globalThis.isSecureContext) return 'insecureContext';
  const has = globalThis.crypto?.subtle && globalThis.Worker && globalThis.WebAssembly && globalThis.BigInt && navigator.locks;
  if (!has) return 'oldBrowser';
  return (await mayStore()) ? undefined : 'noStorage';
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
