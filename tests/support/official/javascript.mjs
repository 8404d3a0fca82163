// Runs the official SDK for Node.js with its strictest settings. Jobs and answers are the same as in python.py.

import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

const sdk = createRequire(`${process.env.SEALIFT_TEST_JAVASCRIPT_SDK}/package.json`)('@aws-crypto/client-node');

const client = sdk.buildClient({
  commitmentPolicy: sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 1,
});

function keyringOf(key) {
  if (key.kms) return new sdk.KmsKeyringNode({ generatorKeyId: key.kms });
  return new sdk.RawAesKeyringNode({
    keyNamespace: key.namespace,
    keyName: key.name,
    unencryptedMasterKey: Uint8Array.from(Buffer.from(key.aes, 'hex')),
    wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
}

async function run(job) {
  const keyring = keyringOf(job.key);
  const how = {
    suiteId: sdk.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
    encryptionContext: job.encryption_context,
    frameLength: job.frame_length,
  };
  if (job.how === 'whole') {
    const bytes = await readFile(job.from);
    const done = job.do === 'open' ? await client.decrypt(keyring, bytes) : await client.encrypt(keyring, bytes, how);
    await writeFile(job.to, done.plaintext ?? done.result);
    return done.messageHeader;
  }
  const stream = job.do === 'open' ? client.decryptUnsignedMessageStream(keyring) : client.encryptStream(keyring, how);
  const header = new Promise((resolve) => stream.once('MessageHeader', resolve));
  await pipeline(createReadStream(job.from), stream, createWriteStream(job.to));
  return header;
}

for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try {
    const header = await run(JSON.parse(line));
    told = {
      suite: header.suiteId,
      frame_length: header.frameLength,
      encryption_context: { ...header.encryptionContext },
      key_providers: header.encryptedDataKeys.map((key) => key.providerId),
    };
  } catch (refusal) {
    told = { refused: `${refusal.name}: ${refusal.message}` };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
