// libsodium's secretstream in wasm, with messages as long as Sealift's frames.

import sodium from 'libsodium-wrappers';

export async function bySecretstream(plaintext, messageBytes) {
  await sodium.ready;
  const key = sodium.crypto_secretstream_xchacha20poly1305_keygen();
  const { crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: more, crypto_secretstream_xchacha20poly1305_TAG_FINAL: last } = sodium;
  return () => {
    const { state } = sodium.crypto_secretstream_xchacha20poly1305_init_push(key);
    for (let at = 0; at < plaintext.length; at += messageBytes) {
      const message = plaintext.subarray(at, at + messageBytes);
      const tag = at + messageBytes < plaintext.length ? more : last;
      sodium.crypto_secretstream_xchacha20poly1305_push(state, message, null, tag);
    }
  };
}
