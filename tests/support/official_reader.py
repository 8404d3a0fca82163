"""Opens messages with the official SDK, as strictly as it can: one a line of standard input,
{"sealed": path, "plaintext": path, "key_arn": arn}. Says of each what its header held."""

import json
import sys

import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy, StrictAwsKmsMasterKeyProvider

client = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    max_encrypted_data_keys=1,
)
for line in sys.stdin:
    job = json.loads(line)
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[job["key_arn"]])
    with (
        open(job["sealed"], "rb") as sealed,
        open(job["plaintext"], "wb") as plaintext,
        client.stream(mode="decrypt", source=sealed, key_provider=provider) as reader,
    ):
        for piece in reader:
            plaintext.write(piece)
        header = reader.header
        if sealed.read(1):
            sys.exit("bytes follow the message")
    told = {
        "suite": header.algorithm.algorithm_id,
        "frame_length": header.frame_length,
        "encryption_context": header.encryption_context,
        "key_arns": [key.key_provider.key_info.decode() for key in header.encrypted_data_keys],
    }
    print(json.dumps(told), flush=True)
