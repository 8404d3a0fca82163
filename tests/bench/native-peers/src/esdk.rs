//! The crate `aws-esdk`, AWS's own Encryption SDK, with Sealift's suite and frame length and a raw AES key.

use std::fmt::Debug;

use anyhow::{Context as _, Result, anyhow};
use aws_esdk::{
    client::Client,
    material_providers::{
        client::Client as Materials,
        types::{
            AesWrappingAlg, EsdkAlgorithmSuiteId, keyring::KeyringRef,
            material_providers_config::MaterialProvidersConfig,
        },
    },
    types::aws_encryption_sdk_config::AwsEncryptionSdkConfig,
};
use aws_smithy_types::Blob;
use tokio::runtime::{Builder, Runtime};

use crate::{Contestant, sealift::FRAME_LEN};

pub(crate) struct Esdk {
    runtime: Runtime,
    client: Client,
    keyring: KeyringRef,
    sealed: Blob,
    opened: Blob,
}

impl Esdk {
    pub(crate) fn new() -> Result<Self> {
        let runtime = Builder::new_current_thread().build()?;
        let client = Client::from_conf(AwsEncryptionSdkConfig::builder().build().map_err(told)?);
        let materials =
            Materials::from_conf(MaterialProvidersConfig::builder().build().map_err(told)?);
        let keyring = materials
            .map_err(told)?
            .create_raw_aes_keyring()
            .key_namespace("bench")
            .key_name("bench")
            .wrapping_key(Blob::new([7; 32]))
            .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16)
            .send();
        Ok(Self {
            keyring: runtime.block_on(keyring).map_err(told)?,
            client: client.map_err(told)?,
            runtime,
            sealed: Blob::default(),
            opened: Blob::default(),
        })
    }
}

impl Contestant for Esdk {
    fn name(&self) -> &'static str {
        "esdk"
    }

    fn seal(&mut self, plaintext: &[u8]) -> Result<()> {
        let encrypt = self
            .client
            .encrypt()
            .plaintext(Blob::new(plaintext))
            .keyring(self.keyring.clone())
            .algorithm_suite_id(EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKey)
            .frame_length(FRAME_LEN)
            .send();
        let encrypted = self.runtime.block_on(encrypt).map_err(told)?;
        self.sealed = encrypted.ciphertext.context("there is no ciphertext")?;
        Ok(())
    }

    fn open(&mut self) -> Result<&[u8]> {
        let decrypt = self
            .client
            .decrypt()
            .ciphertext(self.sealed.clone())
            .keyring(self.keyring.clone())
            .send();
        let decrypted = self.runtime.block_on(decrypt).map_err(told)?;
        self.opened = decrypted.plaintext.context("there is no plaintext")?;
        Ok(self.opened.as_ref())
    }
}

/// The crate's errors are not all `Sync`, which anyhow asks for.
fn told(error: impl Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}
