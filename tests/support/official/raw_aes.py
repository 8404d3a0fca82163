"""A raw AES key for the official SDK for Python and for aws-encryption-cli. Both accept such a key only through a class
of the caller. The command line finds `for_command_line` through the entry point in this folder, and the key in the
environment."""

import os

from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider


def raw_aes(namespace, name, key):
    class RawAes(RawMasterKeyProvider):
        provider_id = namespace

        def _get_raw_key(self, key_id):
            return WrappingKey(
                wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
                wrapping_key=key,
                wrapping_key_type=EncryptionKeyType.SYMMETRIC,
            )

    provider = RawAes()
    provider.add_master_key(name)
    return provider


def for_command_line(key_ids):
    [name] = key_ids
    return raw_aes(os.environ["RAW_AES_NAMESPACE"], name, bytes.fromhex(os.environ["RAW_AES_KEY"]))
