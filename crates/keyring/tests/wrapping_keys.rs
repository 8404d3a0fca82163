//! Tests which keys are tried on the data keys of other people's messages, and which are not.

#![cfg(feature = "legacy-suites")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends with what goes wrong"
)]

mod moto;

use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::DataKeySpec::{self, Aes128, Aes256},
};
use moto::Moto;
use sealift_keyring::{
    DiscoveryFilter, KeyFile, Keyring, KeyringError, KmsKeys, KmsReach, KmsReader, RawAesKeyring,
    WrappingKey, WrappingKeys,
};
use sealift_message::{DataKey, EncryptedDataKey, EncryptionContext, wrap_raw_aes};

fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("purpose", "a test")]).unwrap()
}

/// Returns the data key of every message here, encrypted under a raw AES key.
fn wrapped(kek: u8, namespace: &str, name: &str) -> EncryptedDataKey {
    let data_key = DataKey::try_from([5; 32].as_slice()).unwrap();
    wrap_raw_aes(&[kek; 32], namespace, name, &[1; 12], &data_key, &context()).unwrap()
}

fn raw_aes(kek: u8, namespace: &str, name: &str) -> WrappingKey {
    WrappingKey::RawAes(RawAesKeyring::new(namespace, name, &[kek; 32]).unwrap())
}

async fn opened(
    keys: Vec<WrappingKey>,
    encrypted: &[EncryptedDataKey],
) -> Result<Vec<u8>, KeyringError> {
    let opened = WrappingKeys::from(keys).open(encrypted, &context()).await;
    opened.map(|key| key.expose().to_vec())
}

#[tokio::test]
async fn of_several_data_keys_the_one_that_a_key_fits_is_opened() {
    let encrypted = [
        wrapped(1, "theirs", "k"),
        wrapped(2, "ours", "old"),
        wrapped(3, "ours", "new"),
    ];
    for key in [raw_aes(2, "ours", "old"), raw_aes(3, "ours", "new")] {
        assert_eq!(opened(vec![key], &encrypted).await, Ok(vec![5; 32]));
    }
    // After a key that does not open its data key, the next key is tried.
    let keys = vec![raw_aes(9, "ours", "old"), raw_aes(3, "ours", "new")];
    assert_eq!(opened(keys, &encrypted).await, Ok(vec![5; 32]));
}

#[tokio::test]
async fn a_key_is_tried_on_data_keys_with_its_namespace_and_name_only() {
    let encrypted = [wrapped(1, "ours", "name")];
    for (namespace, name) in [
        ("ours", "nam"),
        ("ours", "name2"),
        ("our", "name"),
        ("name", "ours"),
    ] {
        let refused = opened(vec![raw_aes(1, namespace, name)], &encrypted).await;
        assert_eq!(refused, Err(KeyringError::NoneMatches));
    }
    assert_eq!(
        opened(vec![], &encrypted).await,
        Err(KeyringError::NoneMatches)
    );
    let wrong_key = opened(vec![raw_aes(2, "ours", "name")], &encrypted).await;
    assert_eq!(wrong_key, Err(KeyringError::Unauthentic));
}

#[tokio::test]
async fn a_deployments_kek_opens_its_own_data_keys_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let key_file = KeyFile::load_or_make(&folder.path().join("key")).unwrap();
    let (_, kek) = key_file.make_kek("acme", 1).unwrap();
    let (_, later) = key_file.make_kek("acme", 2).unwrap();
    let (data_key, ours) = kek.make(&context()).await.unwrap();
    let encrypted = [wrapped(1, "sealift", "else"), ours];
    let refused = opened(vec![WrappingKey::Kek(later)], &encrypted).await;
    assert_eq!(refused, Err(KeyringError::NoneMatches));
    let keys = vec![WrappingKey::Kek(kek)];
    assert_eq!(
        opened(keys, &encrypted).await,
        Ok(data_key.expose().to_vec())
    );
}

#[test]
fn only_the_lengths_of_aes_keys_are_taken_and_none_is_printed() {
    for len in [16, 24, 32] {
        let key = RawAesKeyring::new("ours", "name", &vec![0xA5; len]).unwrap();
        assert_eq!(format!("{key:?}"), "RawAesKeyring(ours name, ..)");
    }
    for got_bytes in [0, 15, 31, 33, 64] {
        let refused = RawAesKeyring::new("ours", "name", &vec![0; got_bytes]);
        assert_eq!(refused.map(drop), Err(KeyringError::KeyLen { got_bytes }));
    }
}

/// Makes a data key with KMS the way an official SDK does.
async fn made(moto: &Moto, arn: &str, spec: DataKeySpec) -> (Vec<u8>, EncryptedDataKey) {
    let made = Client::new(&moto.sdk().await)
        .generate_data_key()
        .key_id(arn)
        .key_spec(spec)
        .encryption_context("purpose", "a test")
        .send()
        .await
        .unwrap();
    let bytes = |blob: Option<Blob>| blob.unwrap().into_inner();
    let encrypted = EncryptedDataKey::aws_kms(arn, bytes(made.ciphertext_blob)).unwrap();
    (bytes(made.plaintext), encrypted)
}

async fn kms(moto: &Moto, keys: KmsKeys) -> WrappingKey {
    let reach = KmsReach {
        endpoint: Some(moto.endpoint.clone()),
    };
    WrappingKey::Kms(KmsReader::with(moto.sdk().await, &reach, keys).unwrap())
}

#[tokio::test]
async fn kms_opens_data_keys_of_every_length_under_keys_that_were_named() {
    let Some(moto) = Moto::shared() else { return };
    let (first, second) = (moto.make_key().await, moto.make_key().await);
    let (_, under_first) = made(&moto, &first, Aes256).await;
    for spec in [Aes128, Aes256] {
        let (plaintext, under_second) = made(&moto, &second, spec).await;
        let encrypted = [under_first.clone(), under_second];
        let named = kms(&moto, KmsKeys::Only(vec![second.clone()])).await;
        // The second data key opens, and not the first, which is under another KMS key.
        assert_eq!(opened(vec![named], &encrypted).await, Ok(plaintext));
    }
    let named = kms(&moto, KmsKeys::Only(vec![second])).await;
    let refused = opened(vec![named], &[under_first]).await;
    assert_eq!(refused, Err(KeyringError::NoneMatches));
}

#[tokio::test]
async fn kms_opens_what_the_filter_lets_through() {
    let Some(moto) = Moto::shared() else { return };
    let arn = moto.make_key().await;
    let account = arn.split(':').nth(4).unwrap();
    let (plaintext, encrypted) = made(&moto, &arn, Aes256).await;
    let filter = |account: &str| {
        KmsKeys::Discovered(Some(DiscoveryFilter {
            partition: "aws".to_owned(),
            accounts: vec![account.to_owned()],
        }))
    };
    for keys in [filter(account), KmsKeys::Discovered(None)] {
        let keys = vec![kms(&moto, keys).await];
        let opened = opened(keys, core::slice::from_ref(&encrypted)).await;
        assert_eq!(opened.as_ref(), Ok(&plaintext));
    }
    let keys = vec![kms(&moto, filter("999999999999")).await];
    assert_eq!(
        opened(keys, &[encrypted]).await,
        Err(KeyringError::NoneMatches)
    );
}

#[tokio::test]
async fn a_refusal_of_kms_is_told_where_nothing_else_opens() {
    let Some(moto) = Moto::shared() else { return };
    let gone = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000";
    let encrypted = [
        EncryptedDataKey::aws_kms(gone, b"blob").unwrap(),
        wrapped(1, "ours", "name"),
    ];
    let named = || kms(&moto, KmsKeys::Only(vec![gone.to_owned()]));
    let keys = vec![named().await, raw_aes(1, "ours", "name")];
    assert_eq!(opened(keys, &encrypted).await, Ok(vec![5; 32]));
    let keys = vec![named().await, raw_aes(2, "ours", "name")];
    let refused = opened(keys, &encrypted).await;
    assert!(
        matches!(refused, Err(KeyringError::Refused { .. })),
        "{refused:?}"
    );
}
