//! Tests the `local` keyring with a real database. The user stories in `tests` cover `kms`.

use core::sync::atomic::{AtomicI64, Ordering};
use std::path::PathBuf;

use sealift_keyring::{KekRow, KekWrapper, KeyFile, KeyFileProblem};
use sealift_message::{FrameLength, HeaderBuilder, MessageId};

use super::*;
use crate::{
    config::{ConfigFile, Sources},
    random,
    unix_millis::UnixMillis,
};

/// The database and the key file of one deployment.
struct Deployment {
    folder: tempfile::TempDir,
    now_ms: Arc<AtomicI64>,
}

impl Deployment {
    fn make() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            now_ms: Arc::new(AtomicI64::new(1_000)),
        }
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys/sealift.key")
    }

    async fn records(&self) -> Records {
        let file = self.folder.path().join("sealift.sqlite");
        Records::open(&file).await.unwrap()
    }

    /// Opens the keys as one more server does.
    async fn keys(&self) -> Result<Keys, KeysError> {
        let mut config = Config::load(&Sources {
            file: ConfigFile::None,
            environment: [].into_iter().collect(),
            flags: [].into_iter().collect(),
        })
        .unwrap();
        config.key_file = self.key_file();
        Keys::open(
            &config,
            self.records().await,
            Clock::from_fn({
                let now_ms = self.now_ms.clone();
                move || UnixMillis::from_ms(now_ms.load(Ordering::Relaxed))
            }),
        )
        .await
    }

    async fn add_kek(&self, tenant: &TenantId, version: u32) -> KekRow {
        let key_file = KeyFile::load(&self.key_file()).unwrap();
        let (row, _) = key_file.make_kek(tenant.as_str(), version).unwrap();
        self.records().await.add_kek(row, row_made()).await.unwrap()
    }
}

fn row_made() -> AuditRow {
    AuditRow {
        at: UnixMillis::from_ms(1_000),
        request_id: None,
        scope: None,
        via: "test",
        credential: None,
        action: AuditAction::MakeKek,
        subject: None,
        outcome: "ok",
    }
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("object-id", "file")]).unwrap()
}

/// Makes a message, and returns its header and the bytes of its data key.
async fn made(keys: &Keys, tenant: &TenantId) -> (Header, [u8; 32]) {
    let (data_key, encrypted) = keys.make(tenant, &context()).await.unwrap();
    let id = MessageId::make(&mut random::source());
    let builder = HeaderBuilder::new(id, context(), encrypted, FrameLength::DEFAULT);
    let header = builder.authenticate(&data_key).unwrap();
    (header, *data_key.expose())
}

async fn opened(keys: &Keys, tenant: &TenantId, header: &Header) -> Result<[u8; 32], KeysError> {
    let data_key = keys.open_data_key(tenant, header, &context()).await?;
    Ok(*data_key.expose())
}

fn version_of(header: &Header, tenant: &TenantId) -> Option<u32> {
    kek_version_of(&header.encrypted_data_keys()[0], tenant.as_str())
}

#[tokio::test]
async fn what_one_server_sealed_the_next_one_opens() {
    let deployment = Deployment::make();
    let (ours, bound_to) = (tenant("ours"), "name:file");
    let keys = deployment.keys().await.unwrap();
    let (header, data_key) = made(&keys, &ours).await;
    let sealed = keys
        .seal_record(&ours, bound_to, b"letter.pdf")
        .await
        .unwrap();
    drop(keys);

    let keys = deployment.keys().await.unwrap();
    assert_eq!(opened(&keys, &ours, &header).await.unwrap(), data_key);
    let name = keys.open_record(&ours, bound_to, &sealed).await.unwrap();
    assert_eq!(*name, b"letter.pdf");
}

#[tokio::test]
async fn of_two_servers_that_make_the_first_kek_both_use_the_same() {
    let deployment = Deployment::make();
    let ours = tenant("ours");
    let (one, other) = (
        deployment.keys().await.unwrap(),
        deployment.keys().await.unwrap(),
    );
    let (first, second) = tokio::join!(made(&one, &ours), made(&other, &ours));
    assert_eq!(opened(&other, &ours, &first.0).await.unwrap(), first.1);
    assert_eq!(opened(&one, &ours, &second.0).await.unwrap(), second.1);
    assert_eq!(version_of(&first.0, &ours), Some(1));
    assert_eq!(version_of(&second.0, &ours), Some(1));
}

#[tokio::test]
async fn a_version_that_another_server_made_after_the_look_is_used_and_no_further_one_is_made() {
    let deployment = Deployment::make();
    let ours = tenant("ours");
    let (one, other) = (
        deployment.keys().await.unwrap(),
        deployment.keys().await.unwrap(),
    );
    made(&one, &ours).await;
    // The other server looked before the first version was stored.
    let row = other.add_version(&ours, None).await.unwrap();
    assert_eq!(row.version, 1);

    // Both saw that version 1 is too old.
    for keys in [&one, &other] {
        let row = keys.add_version(&ours, Some(1)).await.unwrap();
        assert_eq!(row.version, 2);
    }
    // An operator gets a new version all the same.
    assert_eq!(one.rotate(&ours).await.unwrap().version, 3);
}

#[tokio::test]
async fn new_data_keys_are_under_the_newest_kek_and_old_ones_still_open() {
    let deployment = Deployment::make();
    let ours = tenant("ours");
    let keys = deployment.keys().await.unwrap();
    let (old, old_key) = made(&keys, &ours).await;
    let name = keys.seal_record(&ours, "name", b"old").await.unwrap();
    deployment.add_kek(&ours, 2).await;

    let (new, new_key) = made(&keys, &ours).await;
    assert_eq!(version_of(&new, &ours), Some(2));
    assert_eq!(opened(&keys, &ours, &new).await.unwrap(), new_key);
    assert_eq!(opened(&keys, &ours, &old).await.unwrap(), old_key);
    assert_eq!(
        *keys.open_record(&ours, "name", &name).await.unwrap(),
        b"old"
    );
    let name = keys.seal_record(&ours, "name", b"new").await.unwrap();
    assert_eq!(name[..4], [0, 0, 0, 2]);
}

#[tokio::test]
async fn after_90_days_new_data_keys_are_under_a_new_kek() {
    const NINETY_DAYS_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
    let deployment = Deployment::make();
    let ours = tenant("ours");
    let keys = deployment.keys().await.unwrap();
    let (old, old_key) = made(&keys, &ours).await;
    deployment
        .now_ms
        .fetch_add(NINETY_DAYS_MS - 1, Ordering::Relaxed);
    let (last, _) = made(&keys, &ours).await;
    assert_eq!(version_of(&last, &ours), Some(1));
    deployment.now_ms.fetch_add(1, Ordering::Relaxed);
    let (new, new_key) = made(&keys, &ours).await;
    assert_eq!(version_of(&new, &ours), Some(2));
    assert_eq!(opened(&keys, &ours, &old).await.unwrap(), old_key);
    assert_eq!(opened(&keys, &ours, &new).await.unwrap(), new_key);
}

#[tokio::test]
async fn a_kek_that_has_wrapped_enough_is_replaced() {
    let deployment = Deployment::make();
    let ours = tenant("ours");
    let (one, other) = (
        deployment.keys().await.unwrap(),
        deployment.keys().await.unwrap(),
    );
    made(&one, &ours).await;
    let records = deployment.records().await;
    let newest = records.newest_kek(&ours, KekWrapper::KeyFile).await;
    assert_eq!(newest.unwrap().unwrap().wraps, wraps::BLOCK);
    let rest = MOST_WRAPS - wraps::BLOCK;
    assert!(records.reserve_wraps(&ours, 1, rest).await.unwrap());
    // The server that reserved the first block uses it up; the other one gets none.
    for _ in 1..wraps::BLOCK {
        let (header, _) = made(&one, &ours).await;
        assert_eq!(version_of(&header, &ours), Some(1));
    }
    for keys in [&other, &one] {
        let (header, _) = made(keys, &ours).await;
        assert_eq!(version_of(&header, &ours), Some(2));
    }
    let newest = records.newest_kek(&ours, KekWrapper::KeyFile).await;
    let newest = newest.unwrap().unwrap();
    assert_eq!((newest.row.version, newest.wraps), (2, 2 * wraps::BLOCK));
}

#[tokio::test]
async fn one_tenants_data_key_and_names_do_not_open_for_another() {
    let deployment = Deployment::make();
    let (ours, theirs) = (tenant("ours"), tenant("theirs"));
    let keys = deployment.keys().await.unwrap();
    made(&keys, &theirs).await;
    let (header, _) = made(&keys, &ours).await;
    let refused = opened(&keys, &theirs, &header).await;
    assert!(matches!(refused, Err(KeysError::NoSuchKey)));
    let sealed = keys.seal_record(&ours, "name", b"n").await.unwrap();
    let refused = keys.open_record(&theirs, "name", &sealed).await;
    assert!(is_unauthentic(&refused.unwrap_err()));
}

#[tokio::test]
async fn a_data_key_does_not_open_in_another_context() {
    let deployment = Deployment::make();
    let keys = deployment.keys().await.unwrap();
    let ours = tenant("ours");
    let (header, _) = made(&keys, &ours).await;
    let other = EncryptionContext::from_pairs([("object-id", "other")]).unwrap();
    let refused = keys.open_data_key(&ours, &header, &other).await;
    assert!(is_unauthentic(&refused.unwrap_err()));
}

#[tokio::test]
async fn a_sealed_name_opens_in_its_own_place_only_and_unaltered() {
    let deployment = Deployment::make();
    let keys = deployment.keys().await.unwrap();
    let ours = tenant("ours");
    let sealed = keys.seal_record(&ours, "name:a", b"name").await.unwrap();
    assert_eq!(sealed.len(), 4 + 12 + 4 + 16);
    let again = keys.seal_record(&ours, "name:a", b"name").await.unwrap();
    assert_ne!(sealed, again);

    assert!(keys.open_record(&ours, "name:b", &sealed).await.is_err());
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(
            keys.open_record(&ours, "name:a", &altered).await.is_err(),
            "byte {at}"
        );
        let cut = keys.open_record(&ours, "name:a", &sealed[..at]).await;
        assert!(cut.is_err(), "cut at {at}");
    }
    assert!(keys.open_record(&ours, "name:a", &sealed).await.is_ok());
}

#[tokio::test]
async fn a_server_does_not_start_without_the_key_file_of_its_database() {
    let deployment = Deployment::make();
    made(&deployment.keys().await.unwrap(), &tenant("ours")).await;
    let path = deployment.key_file();
    let right = path.with_extension("right");
    std::fs::rename(&path, &right).unwrap();

    match deployment.keys().await {
        Err(KeysError::KeyFile(error)) => {
            assert!(matches!(error.problem, KeyFileProblem::Missing), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!path.exists());

    KeyFile::load_or_make(&path).unwrap();
    let refused = deployment.keys().await;
    assert!(
        matches!(refused, Err(KeysError::OtherKeyFile)),
        "{refused:?}"
    );

    std::fs::rename(&right, &path).unwrap();
    assert!(deployment.keys().await.is_ok());
}

#[tokio::test]
async fn keys_are_not_printed() {
    let deployment = Deployment::make();
    let keys = deployment.keys().await.unwrap();
    made(&keys, &tenant("ours")).await;
    let printed = format!("{keys:?}");
    assert!(
        printed.contains("KeyFile(..)") && printed.contains("KeyCache(..)"),
        "{printed}"
    );
}

fn is_unauthentic(error: &KeysError) -> bool {
    matches!(error, KeysError::Keyring(KeyringError::Unauthentic))
}

#[test]
fn no_content_key_stays_in_memory_for_more_than_a_minute() {
    assert!(CONTENT_KEYS_KEPT_FOR + WIPED_EVERY <= Duration::from_secs(60));
}
