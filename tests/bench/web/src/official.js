// The AWS Encryption SDK for browsers with a raw AES keyring, so that no KMS delays it.

import { AlgorithmSuiteIdentifier, buildClient, CommitmentPolicy, RawAesKeyringWebCrypto, RawAesWrappingSuiteIdentifier } from '@aws-crypto/client-browser';

// A `suite` of `committing` is Sealift's suite, which has no signature. Without `suite` the client uses its default.
export async function byOfficialClient(plaintext, { suite, frameLength }) {
  const { encrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const wrappingSuite = RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING;
  const masterKey = await RawAesKeyringWebCrypto.importCryptoKey(crypto.getRandomValues(new Uint8Array(32)), wrappingSuite);
  const keyring = new RawAesKeyringWebCrypto({ keyNamespace: 'bench', keyName: 'bench', masterKey, wrappingSuite });
  const options = {
    encryptionContext: { tenant: 't', 'object-id': 'o', 'upload-id': 'u' },
    ...(frameLength && { frameLength }),
    ...(suite && { suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY }),
  };
  return () => encrypt(keyring, plaintext, options);
}
