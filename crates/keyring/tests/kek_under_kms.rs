//! Tests key rows under a KMS key and the pepper, against moto's KMS. `SEALIFT_TEST_MOTO` names the program
//! `moto_server`, which `cargo xtask test` installs; without it these tests are skipped.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends with what goes wrong"
)]

mod moto;

use std::sync::Arc;

use aws_sdk_kms::Client;
use moto::Moto;
use sealift_keyring::{
    KekRow, KekWrapper, KekWrappers, KeyFile, KeyringError, KmsConfig, KmsKeyring, Pepper, Peppers,
};

const ONE: &str = "0123456789abcdef0123456789ABCDEF";
const TWO: &str = "another pepper of 32 bytes, yes.";

impl Moto {
    async fn wrappers(&self, key: &str, peppers: Peppers) -> KekWrappers {
        let config = KmsConfig {
            key: key.to_owned(),
            endpoint: Some(self.endpoint.clone()),
            region: None,
        };
        KekWrappers {
            key_file: None,
            kms: Some(Arc::new(KmsKeyring::with(&self.sdk().await, &config))),
            peppers: Some(peppers),
        }
    }
}

fn pepper(version: u32, text: &str) -> Pepper {
    Pepper::parse(version, text).unwrap()
}

fn only(version: u32, text: &str) -> Peppers {
    Peppers::new(pepper(version, text), None).unwrap()
}

fn both(newest: (u32, &str), old: (u32, &str)) -> Peppers {
    Peppers::new(pepper(newest.0, newest.1), Some(pepper(old.0, old.1))).unwrap()
}

async fn made(wrappers: &KekWrappers, version: u32) -> (KekRow, [u8; 32]) {
    let by = KekWrapper::KmsAndPepper;
    let (row, kek) = wrappers.make(by, "acme", version).await.unwrap();
    (row, *kek.expose())
}

async fn opened(wrappers: &KekWrappers, row: &KekRow) -> Result<[u8; 32], KeyringError> {
    wrappers.open(row).await.map(|kek| *kek.expose())
}

#[tokio::test]
async fn a_row_needs_both_the_kms_key_and_the_pepper() {
    let Some(moto) = Moto::shared() else { return };
    let arn = moto.make_key().await;
    let wrappers = moto.wrappers(&arn, only(1, ONE)).await;
    let (row, kek) = made(&wrappers, 1).await;
    assert_eq!((row.wrapped_by.as_str(), row.pepper_version), (&*arn, 1));
    assert_eq!(opened(&wrappers, &row).await, Ok(kek));

    let wrong = moto.wrappers(&arn, only(1, TWO)).await;
    let refused = opened(&wrong, &row).await;
    assert_eq!(refused, Err(KeyringError::WrongPepper { version: 1 }));
    let newer = moto.wrappers(&arn, only(2, TWO)).await;
    let refused = opened(&newer, &row).await;
    assert_eq!(refused, Err(KeyringError::NoPepper { version: 1 }));
    let swapped = moto.wrappers(&arn, both((2, ONE), (1, TWO))).await;
    let refused = opened(&swapped, &row).await;
    assert_eq!(refused, Err(KeyringError::SwappedPeppers));
    let without = KekWrappers {
        peppers: None,
        ..wrappers.clone()
    };
    let refused = opened(&without, &row).await;
    assert_eq!(refused, Err(KeyringError::NoPepper { version: 1 }));
    let without = KekWrappers {
        kms: None,
        ..wrappers
    };
    let refused = opened(&without, &row).await;
    assert!(matches!(refused, Err(KeyringError::OtherWrapper { .. })));
}

#[tokio::test]
async fn a_row_of_another_tenant_or_version_and_an_altered_row_do_not_open() {
    let Some(moto) = Moto::shared() else { return };
    let (arn, other) = (moto.make_key().await, moto.make_key().await);
    let wrappers = moto.wrappers(&arn, only(1, ONE)).await;
    let (row, _) = made(&wrappers, 3).await;
    let (next, _) = made(&wrappers, 4).await;
    let alterations: [&dyn Fn(&mut KekRow); 8] = [
        &|row| row.tenant = "acne".to_owned(),
        &|row| row.version = 4,
        &|row| row.wrapped_by.clone_from(&other),
        &|row| row.wrapping_key_blob = None,
        &|row| row.wrapping_key_blob.clone_from(&next.wrapping_key_blob),
        &|row| row.iv[0] ^= 1,
        &|row| row.sealed[0] ^= 1,
        &|row| row.sealed.clone_from(&next.sealed),
    ];
    for (at, alter) in alterations.iter().enumerate() {
        let mut altered = row.clone();
        alter(&mut altered);
        let refused = opened(&wrappers, &altered).await;
        let refused = refused.expect_err(&format!("alteration {at}"));
        assert!(
            matches!(
                refused,
                KeyringError::Unauthentic
                    | KeyringError::WrongPepper { .. }
                    // moto answers so for the ciphertext of another key.
                    | KeyringError::Refused { .. }
            ),
            "alteration {at}: {refused:?}"
        );
    }
    assert!(opened(&wrappers, &row).await.is_ok());
}

#[tokio::test]
async fn a_row_is_rewrapped_under_another_pepper_another_key_or_the_key_file() {
    let Some(moto) = Moto::shared() else { return };
    let (first, second) = (moto.make_key().await, moto.make_key().await);
    let (row, kek) = made(&moto.wrappers(&first, only(1, ONE)).await, 1).await;

    let moving = moto.wrappers(&second, both((2, TWO), (1, ONE))).await;
    let by = KekWrapper::KmsAndPepper;
    let moved = moving.rewrap(by, &row).await.unwrap();
    assert_eq!(
        (moved.wrapped_by.as_str(), moved.pepper_version),
        (&*second, 2)
    );
    assert_eq!((moved.tenant.as_str(), moved.version), ("acme", 1));
    assert_ne!(moved.iv, row.iv);
    let after = moto.wrappers(&second, only(2, TWO)).await;
    assert_eq!(opened(&after, &moved).await, Ok(kek));

    let folder = tempfile::tempdir().unwrap();
    let key_file = KeyFile::load_or_make(&folder.path().join("sealift.key")).unwrap();
    let all = KekWrappers {
        key_file: Some(Arc::new(key_file)),
        ..after.clone()
    };
    let local = all.rewrap(KekWrapper::KeyFile, &moved).await.unwrap();
    assert_eq!(
        (local.wrapped_by.as_str(), local.pepper_version),
        ("local", 0)
    );
    assert_eq!(local.wrapping_key_blob, None);
    assert_eq!(opened(&all, &local).await, Ok(kek));
    let back = all.rewrap(by, &local).await.unwrap();
    assert_eq!(opened(&after, &back).await, Ok(kek));
    let refused = after.rewrap(KekWrapper::KeyFile, &back).await.map(drop);
    assert!(matches!(refused, Err(KeyringError::OtherWrapper { .. })));
}

#[tokio::test]
async fn a_row_under_an_alias_that_moved_still_opens() {
    let Some(moto) = Moto::shared() else { return };
    let (first, second) = (moto.make_key().await, moto.make_key().await);
    let client = Client::new(&moto.sdk().await);
    let alias = "alias/of-the-keks";
    let made_alias = client.create_alias().alias_name(alias);
    made_alias.target_key_id(&first).send().await.unwrap();
    let wrappers = moto.wrappers(alias, only(1, ONE)).await;
    let (row, kek) = made(&wrappers, 1).await;
    let moved = client.update_alias().alias_name(alias);
    moved.target_key_id(&second).send().await.unwrap();
    assert_eq!(opened(&wrappers, &row).await, Ok(kek));
    assert_eq!(made(&wrappers, 2).await.0.wrapped_by, second);
}
