// age-encryption, with one X25519 recipient and its own chunks of 64 KiB.

import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';

export async function byAge(plaintext) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
  return () => encrypter.encrypt(plaintext);
}
