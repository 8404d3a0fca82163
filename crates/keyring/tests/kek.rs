//! Tests data keys under a KEK, from the key file to the header and back.

#![expect(clippy::unwrap_used, reason = "a test ends with what goes wrong")]

use proptest::prelude::*;
use sealift_keyring::{Kek, KekRow, KeyFile, Keyring, KeyringError, kek_version_of};
use sealift_message::{EncryptedDataKey, EncryptionContext};

fn key_file() -> KeyFile {
    let folder = tempfile::tempdir().unwrap();
    KeyFile::load_or_make(&folder.path().join("sealift.key")).unwrap()
}

fn made(tenant: &str, version: u32) -> (KekRow, Kek) {
    key_file().make_kek(tenant, version).unwrap()
}

fn context(object_id: &str) -> EncryptionContext {
    EncryptionContext::from_pairs([("object-id", object_id), ("tenant", "acme")]).unwrap()
}

async fn opens(kek: &Kek, encrypted: &EncryptedDataKey, context: &EncryptionContext) -> bool {
    match kek.open(encrypted, context).await {
        Ok(_) => true,
        Err(KeyringError::Unauthentic) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_data_key_opens_with_its_kek_from_the_row() {
    let key_file = key_file();
    let (row, kek) = key_file.make_kek("acme", 1).unwrap();
    let (data_key, encrypted) = kek.make(&context("file")).await.unwrap();
    drop(kek);

    let kek = key_file.open_kek(&row).unwrap();
    let opened = kek.open(&encrypted, &context("file")).await.unwrap();
    assert_eq!(opened.expose(), data_key.expose());
}

#[tokio::test]
async fn a_data_key_does_not_open_in_another_context_or_with_another_kek() {
    let key_file = key_file();
    let (_, kek) = key_file.make_kek("acme", 1).unwrap();
    let (_, encrypted) = kek.make(&context("file")).await.unwrap();
    assert!(opens(&kek, &encrypted, &context("file")).await);
    assert!(!opens(&kek, &encrypted, &context("another")).await);
    assert!(!opens(&kek, &encrypted, &EncryptionContext::default()).await);
    for (tenant, version) in [("acme", 1), ("acme", 2), ("other", 1)] {
        let (_, other) = key_file.make_kek(tenant, version).unwrap();
        assert!(!opens(&other, &encrypted, &context("file")).await);
    }
}

#[tokio::test]
async fn a_data_key_carries_the_names_that_are_for_ever() {
    let (_, kek) = made("acme", 12);
    let (_, encrypted) = kek.make(&context("file")).await.unwrap();
    assert_eq!(encrypted.provider_id(), "sealift");
    assert_eq!(encrypted.raw_aes_key_name(), Some("tenant/acme/kek/12"));
    assert_eq!(encrypted.ciphertext().len(), 32 + 16);
}

#[tokio::test]
async fn data_keys_and_ivs_are_never_the_same_twice() {
    let (_, kek) = made("acme", 1);
    let (one, one_encrypted) = kek.make(&context("file")).await.unwrap();
    let (other, other_encrypted) = kek.make(&context("file")).await.unwrap();
    assert_ne!(one.expose(), other.expose());
    assert_ne!(
        one_encrypted.provider_info(),
        other_encrypted.provider_info()
    );
}

#[test]
fn a_row_opens_with_the_key_file_that_sealed_it_only() {
    let key_file = key_file();
    let (row, kek) = key_file.make_kek("acme", 1).unwrap();
    let opened = key_file.open_kek(&row).unwrap();
    assert_eq!(opened.records_key().expose(), kek.records_key().expose());
    let other = self::key_file().open_kek(&row);
    assert_eq!(other.map(drop), Err(KeyringError::Unauthentic));
}

#[test]
fn a_row_of_another_tenant_or_version_does_not_open() {
    let key_file = key_file();
    let (row, _) = key_file.make_kek("acme", 1).unwrap();
    let tenant = "other".to_owned();
    for moved in [
        KekRow {
            tenant,
            ..row.clone()
        },
        KekRow { version: 2, ..row },
    ] {
        let opened = key_file.open_kek(&moved);
        assert_eq!(opened.map(drop), Err(KeyringError::Unauthentic));
    }
}

#[test]
fn a_row_under_a_kms_key_is_named_as_such() {
    let key_file = key_file();
    let (row, _) = key_file.make_kek("acme", 1).unwrap();
    let wrapped_by = "arn:aws:kms:eu-west-1:111122223333:key/1".to_owned();
    let opened = key_file.open_kek(&KekRow {
        wrapped_by: wrapped_by.clone(),
        ..row
    });
    assert_eq!(
        opened.map(drop),
        Err(KeyringError::OtherWrapper { wrapped_by })
    );
}

#[test]
fn versions_count_from_1() {
    let refused = key_file().make_kek("acme", 0);
    assert_eq!(refused.map(drop), Err(KeyringError::VersionZero));
}

#[test]
fn every_kek_has_its_own_records_key() {
    let key_file = key_file();
    let records_key = |tenant, version| {
        let (_, kek) = key_file.make_kek(tenant, version).unwrap();
        *kek.records_key().expose()
    };
    assert_ne!(records_key("acme", 1), records_key("acme", 2));
    assert_ne!(records_key("acme", 1), records_key("acme", 1));
}

#[test]
fn a_kek_is_not_printed() {
    let (_, kek) = made("acme", 1);
    assert_eq!(format!("{kek:?}"), "Kek(tenant/acme/kek/1, ..)");
}

fn named(name: &str) -> EncryptedDataKey {
    let info = [name.as_bytes(), b"\0\0\0\x80\0\0\0\x0C", &[0; 12]].concat();
    EncryptedDataKey::new("sealift", info, [0; 48]).unwrap()
}

#[test]
fn one_version_has_one_spelling() {
    assert_eq!(kek_version_of(&named("tenant/acme/kek/7"), "acme"), Some(7));
    let others = [
        "tenant/acme/kek/07",
        "tenant/acme/kek/+7",
        "tenant/acme/kek/0",
        "tenant/acme/kek/",
        "tenant/acme/kek/4294967296",
        "tenant/acme/kek/7/kek/7",
        "tenant/other/kek/7",
        "tenant/acme/7",
        "acme",
        "",
    ];
    for name in others {
        assert_eq!(kek_version_of(&named(name), "acme"), None, "{name}");
    }
}

#[test]
fn a_data_key_of_another_provider_has_no_kek_version() {
    let ours = named("tenant/acme/kek/7");
    let (info, ciphertext) = (ours.provider_info(), ours.ciphertext());
    for provider in ["aws-kms", "Sealift", ""] {
        let theirs = EncryptedDataKey::new(provider, info, ciphertext).unwrap();
        assert_eq!(kek_version_of(&theirs, "acme"), None);
    }
}

proptest! {
    #[test]
    fn the_version_that_made_a_data_key_is_found(
        tenant in "[a-z0-9_-]{1,64}",
        version in 1_u32..,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (_, kek) = made(&tenant, version);
        let (_, encrypted) = runtime.block_on(kek.make(&context("file"))).unwrap();
        prop_assert_eq!(kek_version_of(&encrypted, &tenant), Some(version));
    }

    #[test]
    fn any_provider_info_is_read_without_a_panic(info in any::<Vec<u8>>(), tenant in ".*") {
        let encrypted = EncryptedDataKey::new("sealift", info, b"").unwrap();
        prop_assert_eq!(kek_version_of(&encrypted, &tenant), None);
    }
}
