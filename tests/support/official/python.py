"""Runs the official SDK for Python with its strictest settings. Each line of standard input is a job,
{"do": "open" | "seal", "how": "whole" | "streamed", "from": path, "to": path, "key": key, "encryption_context": pairs,
"frame_length": bytes}, where a key is {"kms": arn} or {"namespace": text, "name": text, "aes": hex}. Prints for
each the header's content, or {"refused": reason}."""

import json
import sys

import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy, StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.identifiers import AlgorithmSuite

from raw_aes import raw_aes

client = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    max_encrypted_data_keys=1,
)


def provider(key):
    if "kms" in key:
        return StrictAwsKmsMasterKeyProvider(key_ids=[key["kms"]])
    return raw_aes(key["namespace"], key["name"], bytes.fromhex(key["aes"]))


def run(job):
    how = {"key_provider": provider(job["key"])}
    if job["do"] == "seal":
        how |= {
            "algorithm": AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
            "encryption_context": job["encryption_context"],
            "frame_length": job["frame_length"],
        }
    mode = {"open": "decrypt", "seal": "encrypt"}[job["do"]]
    if job["how"] == "whole":
        with open(job["from"], "rb") as file:
            result, header = getattr(client, mode)(source=file.read(), **how)
        with open(job["to"], "wb") as file:
            file.write(result)
        return header
    with (
        open(job["from"], "rb") as source,
        open(job["to"], "wb") as to,
        client.stream(mode=mode, source=source, **how) as stream,
    ):
        for piece in stream:
            to.write(piece)
        if source.read(1):
            raise ValueError("bytes follow the message")
        return stream.header


for line in sys.stdin:
    try:
        header = run(json.loads(line))
        told = {
            "suite": header.algorithm.algorithm_id,
            "frame_length": header.frame_length,
            "encryption_context": dict(header.encryption_context),
            "key_providers": [key.key_provider.provider_id for key in header.encrypted_data_keys],
        }
    except Exception as refusal:
        told = {"refused": f"{type(refusal).__name__}: {refusal}"}
    print(json.dumps(told), flush=True)
