//! The crate `aws-esdk` with a raw AES keyring, our suite and our frames.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aws_esdk::{
    client::Client,
    material_providers::{
        client::Client as Providers,
        types::{
            AesWrappingAlg, EsdkAlgorithmSuiteId, keyring::KeyringRef,
            material_providers_config::MaterialProvidersConfig,
        },
    },
    types::aws_encryption_sdk_config::AwsEncryptionSdkConfig,
};
use tokio::runtime::Runtime;

use crate::Contestant;

pub(crate) struct Esdk {
    /// Runs everything on this thread.
    runtime: Runtime,
    client: Client,
    keyring: KeyringRef,
    sealed: Vec<u8>,
    opened: Vec<u8>,
}

impl Esdk {
    pub(crate) fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let providers = Providers::from_conf(MaterialProvidersConfig::builder().build()?)?;
        let keyring = providers
            .create_raw_aes_keyring()
            .key_namespace("bench")
            .key_name("bench")
            .wrapping_key(vec![1; 32])
            .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16)
            .send();
        Ok(Self {
            keyring: runtime.block_on(keyring)?,
            client: Client::from_conf(AwsEncryptionSdkConfig::builder().build()?)?,
            runtime,
            sealed: Vec::new(),
            opened: Vec::new(),
        })
    }
}

fn context() -> HashMap<String, String> {
    let pairs = [("tenant", "t"), ("object-id", "o"), ("upload-id", "u")];
    HashMap::from(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

impl Contestant for Esdk {
    fn name(&self) -> &'static str {
        "aws-esdk"
    }

    fn seal(&mut self, plaintext: &[u8]) -> Result<()> {
        let encrypt = self
            .client
            .encrypt()
            .plaintext(plaintext)
            .keyring(self.keyring.clone())
            .encryption_context(context())
            .algorithm_suite_id(EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKey)
            .frame_length(256 * 1024)
            .send();
        let sealed = self.runtime.block_on(encrypt)?;
        self.sealed = sealed.ciphertext.context("no ciphertext")?.into_inner();
        Ok(())
    }

    fn open(&mut self) -> Result<&[u8]> {
        let decrypt = self
            .client
            .decrypt()
            .ciphertext(self.sealed.clone())
            .keyring(self.keyring.clone())
            .encryption_context(context())
            .send();
        let opened = self.runtime.block_on(decrypt)?;
        self.opened = opened.plaintext.context("no plaintext")?.into_inner();
        Ok(&self.opened)
    }
}
