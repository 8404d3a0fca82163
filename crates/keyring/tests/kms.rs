//! Tests the KMS keyring against moto's KMS, over the real protocol. `SEALIFT_TEST_MOTO` names the program
//! `moto_server`, which `cargo xtask test` installs; without it these tests are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends with what goes wrong"
)]

mod moto;

use aws_config::Region;
use aws_sdk_kms::{Client, config::Builder};
use moto::Moto;
use sealift_keyring::{Keyring, KeyringError, KmsConfig, KmsKeyring};
use sealift_message::{EncryptedDataKey, EncryptionContext};

impl Moto {
    async fn keyring(&self, key: &str) -> KmsKeyring {
        let config = KmsConfig {
            key: key.to_owned(),
            endpoint: Some(self.endpoint.clone()),
            region: None,
        };
        KmsKeyring::with(&self.sdk().await, &config)
    }
}

/// A region other than that of the settings.
const ELSEWHERE: &str = "us-east-1";

/// Returns a client for the KMS of another region.
async fn kms_elsewhere(moto: &Moto) -> Client {
    let config = Builder::from(&moto.sdk().await).region(Region::new(ELSEWHERE));
    Client::from_conf(config.build())
}

fn context(object_id: &str) -> EncryptionContext {
    EncryptionContext::from_pairs([("object-id", object_id), ("tenant", "acme")]).unwrap()
}

#[tokio::test]
async fn a_data_key_opens_in_its_context_only() {
    let Some(moto) = Moto::shared() else { return };
    let arn = moto.make_key().await;
    let keyring = moto.keyring(&arn).await;
    let (data_key, encrypted) = keyring.make(&context("file")).await.unwrap();
    assert_eq!(encrypted.provider_id(), "aws-kms");
    assert_eq!(encrypted.provider_info(), arn.as_bytes());
    let opened = keyring.open(&encrypted, &context("file")).await.unwrap();
    assert_eq!(opened.expose(), data_key.expose());
    for other in [context("another"), EncryptionContext::default()] {
        let refused = keyring.open(&encrypted, &other).await;
        assert_eq!(refused.map(drop), Err(KeyringError::Unauthentic));
    }
}

#[tokio::test]
async fn an_alias_stands_for_its_key_and_may_move() {
    let Some(moto) = Moto::shared() else { return };
    let (first, second) = (moto.make_key().await, moto.make_key().await);
    let client = Client::new(&moto.sdk().await);
    let alias = "alias/that-moves";
    let made = client
        .create_alias()
        .alias_name(alias)
        .target_key_id(&first);
    made.send().await.unwrap();
    let keyring = moto.keyring(alias).await;
    assert_eq!(keyring.prove().await, Ok(first.clone()));
    let (data_key, encrypted) = keyring.make(&context("file")).await.unwrap();
    assert_eq!(encrypted.provider_info(), first.as_bytes());
    let (records_key, blob) = keyring.make_records_key("acme").await.unwrap();

    let moved = client
        .update_alias()
        .alias_name(alias)
        .target_key_id(&second);
    moved.send().await.unwrap();
    assert_eq!(keyring.prove().await, Ok(second));
    let opened = keyring.open(&encrypted, &context("file")).await.unwrap();
    assert_eq!(opened.expose(), data_key.expose());
    let opened = keyring.open_records_key("acme", &blob).await.unwrap();
    assert_eq!(opened.expose(), records_key.expose());
}

#[tokio::test]
async fn another_keys_ciphertext_is_refused() {
    let Some(moto) = Moto::shared() else { return };
    let (ours, theirs) = (moto.make_key().await, moto.make_key().await);
    let keyring = moto.keyring(&theirs).await;
    let (_, encrypted) = keyring.make(&context("file")).await.unwrap();
    let relabelled = EncryptedDataKey::aws_kms(&ours, encrypted.ciphertext()).unwrap();
    let refused = keyring.open(&relabelled, &context("file")).await.map(drop);
    // AWS answers IncorrectKeyException here; moto answers with another code.
    assert!(
        matches!(&refused, Err(KeyringError::Refused { code, .. }) if code == "AccessDeniedException"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_altered_ciphertext_does_not_open() {
    let Some(moto) = Moto::shared() else { return };
    let arn = moto.make_key().await;
    let keyring = moto.keyring(&arn).await;
    let (_, encrypted) = keyring.make(&context("file")).await.unwrap();
    let mut bytes = encrypted.ciphertext().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let altered = EncryptedDataKey::aws_kms(&arn, bytes).unwrap();
    let refused = keyring.open(&altered, &context("file")).await;
    assert_eq!(refused.map(drop), Err(KeyringError::Unauthentic));
}

#[tokio::test]
async fn a_records_key_opens_for_its_tenant_only() {
    let Some(moto) = Moto::shared() else { return };
    let keyring = moto.keyring(&moto.make_key().await).await;
    let (records_key, blob) = keyring.make_records_key("acme").await.unwrap();
    let opened = keyring.open_records_key("acme", &blob).await.unwrap();
    assert_eq!(opened.expose(), records_key.expose());
    let refused = keyring.open_records_key("other", &blob).await;
    assert_eq!(refused.map(drop), Err(KeyringError::Unauthentic));
    let (another, _) = keyring.make_records_key("acme").await.unwrap();
    assert_ne!(another.expose(), records_key.expose());
}

#[tokio::test]
async fn a_key_that_is_not_there_is_a_refusal() {
    let Some(moto) = Moto::shared() else { return };
    let refused = moto.keyring("alias/nowhere").await.prove().await;
    let refusal = KeyringError::Refused {
        action: "kms:GenerateDataKey",
        key: "alias/nowhere".to_owned(),
        code: "NotFoundException".to_owned(),
    };
    assert_eq!(refused, Err(refusal));
}

#[tokio::test]
async fn a_key_of_another_region_is_asked_there() {
    let Some(moto) = Moto::shared() else { return };
    let here = moto.keyring(&moto.make_key().await).await;
    let made = kms_elsewhere(&moto)
        .await
        .create_key()
        .send()
        .await
        .unwrap();
    let arn = made.key_metadata.unwrap().arn.unwrap();
    let elsewhere = moto.keyring(&arn).await;
    assert_eq!(elsewhere.prove().await, Ok(arn.clone()));
    // A server whose settings name a key of this region opens what the other key made.
    let (data_key, encrypted) = elsewhere.make(&context("file")).await.unwrap();
    let opened = here.open(&encrypted, &context("file")).await.unwrap();
    assert_eq!(opened.expose(), data_key.expose());
    // A records key moves to the other region and stays the same.
    let (records_key, blob) = here.make_records_key("acme").await.unwrap();
    let moved = elsewhere.rewrap_records_key("acme", &blob, &arn).await;
    let moved = moved.unwrap().unwrap();
    let opened = here.open_records_key("acme", &moved).await.unwrap();
    assert_eq!(opened.expose(), records_key.expose());
    let again = elsewhere.rewrap_records_key("acme", &moved, &arn).await;
    assert_eq!(again, Ok(None));
}
