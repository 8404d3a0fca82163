// Whether this browser, and the way the page arrived, permit sealing.

// The key of the sentence that says why not; undefined where all is well.
export function whyUnfit() {
  if (!globalThis.isSecureContext) return 'insecureContext';
  const has = globalThis.crypto?.subtle && globalThis.Worker && globalThis.WebAssembly && globalThis.BigInt;
  return has ? undefined : 'oldBrowser';
}
