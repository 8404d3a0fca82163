//! Tests KEK rows, records keys and API keys.

use std::slice::from_ref;

use sealift_keyring::{KekRow, KekWrapper};
use sealift_transfer::api::{ApiKeyId, TenantId};
use sqlx::Executor as _;

use super::{ann, at, audited, kept};
use crate::records::{
    ApiKeyEnded, ApiKeyRow, AuditRow, NotARole, Records, RecordsError, Role, Roles,
};

fn kek(version: u32, sealed: u8) -> KekRow {
    KekRow {
        tenant: "acme".to_owned(),
        version,
        pepper_version: 0,
        wrapped_by: "local".to_owned(),
        wrapping_key_blob: None,
        iv: [sealed; 12],
        sealed: vec![sealed; 48],
    }
}

fn made_at(ms: i64) -> AuditRow {
    AuditRow {
        at: at(ms),
        ..audited()
    }
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn under_kms(version: u32, pepper_version: u32) -> KekRow {
    KekRow {
        pepper_version,
        wrapped_by: "arn:aws:kms:r:1:key/1".to_owned(),
        wrapping_key_blob: Some(vec![5; 99]),
        ..kek(version, 7)
    }
}

#[tokio::test]
async fn the_newest_kek_of_each_wrapper_is_found_and_every_older_one() {
    let kept = kept().await;
    let (acme, best) = (tenant("acme"), tenant("best"));
    for row in [
        kek(1, 7),
        kek(10, 7),
        kek(9, 7),
        under_kms(8, 1),
        under_kms(11, 2),
    ] {
        assert_eq!(
            kept.records.add_kek(row.clone(), made_at(3)).await.unwrap(),
            row
        );
        let found = kept.records.kek(&acme, row.version).await.unwrap();
        assert_eq!(found, Some(row));
    }
    for (wrapper, row) in [
        (KekWrapper::KeyFile, kek(10, 7)),
        (KekWrapper::KmsAndPepper, under_kms(11, 2)),
    ] {
        let newest = kept.records.newest_kek(&acme, wrapper).await.unwrap();
        let newest = newest.unwrap();
        assert_eq!((newest.row, newest.wraps, newest.made_at), (row, 0, at(3)));
        let newest = kept.records.newest_kek(&best, wrapper).await.unwrap();
        assert_eq!(newest, None);
    }
    let newest = kept.records.newest_kek_version(&acme).await.unwrap();
    assert_eq!(newest, Some(11));
    let newest = kept.records.newest_kek_version(&best).await.unwrap();
    assert_eq!(newest, None);
    assert_eq!(kept.records.kek(&acme, 2).await.unwrap(), None);
    assert_eq!(kept.records.kek(&best, 1).await.unwrap(), None);
}

#[tokio::test]
async fn one_row_of_each_wrapper_and_pepper_is_found() {
    let kept = kept().await;
    assert_eq!(kept.records.kek_of_each_wrapper().await.unwrap(), []);
    for row in [kek(1, 7), under_kms(2, 1), under_kms(3, 2), under_kms(4, 2)] {
        kept.records.add_kek(row, made_at(0)).await.unwrap();
    }
    let found = kept.records.kek_of_each_wrapper().await.unwrap();
    let found: Vec<_> = found.into_iter().map(|row| row.pepper_version).collect();
    assert_eq!(found, [1, 2, 0]);
}

#[tokio::test]
async fn two_servers_together_reserve_no_more_wraps_than_one_kek_may_do() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let acme = tenant("acme");
    kept.records.add_kek(kek(1, 7), made_at(0)).await.unwrap();
    let half = 1 << 29;
    let (one, two) = tokio::join!(
        kept.records.reserve_wraps(&acme, 1, half),
        other.reserve_wraps(&acme, 1, half)
    );
    assert!(one.unwrap() && two.unwrap());
    assert!(!other.reserve_wraps(&acme, 1, 1).await.unwrap());
    assert!(!other.reserve_wraps(&acme, 2, 1).await.unwrap());
    let newest = other.newest_kek(&acme, KekWrapper::KeyFile).await.unwrap();
    assert_eq!(newest.unwrap().wraps, 1 << 30);
}

#[tokio::test]
async fn of_two_servers_that_make_a_kek_both_use_the_first() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let (one, two) = tokio::join!(
        kept.records.add_kek(kek(1, 7), made_at(0)),
        other.add_kek(kek(1, 8), made_at(0))
    );
    let one = one.unwrap();
    assert_eq!(one, two.unwrap());
    let found = other.kek(&tenant("acme"), 1).await.unwrap();
    assert_eq!(found, Some(one));
}

#[tokio::test]
async fn a_row_that_was_replaced_meanwhile_stays() {
    let kept = kept().await;
    let acme = tenant("acme");
    let old = kek(1, 7);
    kept.records.add_kek(old.clone(), made_at(0)).await.unwrap();
    let replace = |new: KekRow| kept.records.replace_kek(&old, new, made_at(9));
    let first = KekRow {
        iv: [1; 12],
        ..under_kms(1, 2)
    };
    assert!(replace(first.clone()).await.unwrap());
    let second = KekRow {
        iv: [2; 12],
        ..under_kms(1, 3)
    };
    assert!(!replace(second).await.unwrap());
    assert_eq!(kept.records.kek(&acme, 1).await.unwrap(), Some(first));
    // The age of the key is that of the key, not of its wrapper.
    let wrapper = KekWrapper::KmsAndPepper;
    let newest = kept.records.newest_kek(&acme, wrapper).await.unwrap();
    assert_eq!(newest.unwrap().made_at, at(0));
}

#[tokio::test]
async fn no_key_row_is_replaced_without_its_audit_entry() {
    let kept = kept().await;
    let acme = tenant("acme");
    let old = kek(1, 7);
    kept.records.add_kek(old.clone(), made_at(0)).await.unwrap();
    let blob = kept.records.add_records_key_blob(&acme, vec![1; 99], at(0));
    blob.await.unwrap();
    let closed = "CREATE TRIGGER no_audit BEFORE INSERT ON audit
                  BEGIN SELECT RAISE(ABORT, 'the audit is closed'); END";
    let writer = &kept.records.writer;
    let close = writer.write(move |db| Box::pin(async move { db.execute(closed).await.map(drop) }));
    close.await.unwrap();
    let replaced = kept.records.replace_kek(&old, under_kms(1, 2), made_at(9));
    assert!(replaced.await.is_err());
    assert_eq!(kept.records.kek(&acme, 1).await.unwrap(), Some(old));
    let records = &kept.records;
    let replaced = records.replace_records_key_blob("acme", vec![1; 99], vec![2; 99], made_at(9));
    assert!(replaced.await.is_err());
    let blob = records.records_key_blob(&acme).await.unwrap();
    assert_eq!(blob, Some(vec![1; 99]));
}

#[tokio::test]
async fn of_a_shredded_key_only_the_version_is_left() {
    let kept = kept().await;
    let acme = tenant("acme");
    for row in [kek(1, 7), under_kms(2, 1)] {
        kept.records.add_kek(row, made_at(0)).await.unwrap();
    }
    let blob = kept.records.add_records_key_blob(&acme, vec![1; 99], at(0));
    blob.await.unwrap();
    assert_eq!(kept.records.shred_keys(&acme, made_at(1)).await.unwrap(), 2);
    for version in [1, 2] {
        assert_eq!(kept.records.kek(&acme, version).await.unwrap(), None);
    }
    for wrapper in [KekWrapper::KeyFile, KekWrapper::KmsAndPepper] {
        let newest = kept.records.newest_kek(&acme, wrapper).await.unwrap();
        assert_eq!(newest, None);
    }
    assert_eq!(kept.records.kek_of_each_wrapper().await.unwrap(), []);
    assert_eq!(kept.records.keks_after("", 0, 9).await.unwrap(), []);
    assert_eq!(kept.records.records_key_blob(&acme).await.unwrap(), None);
    let newest = kept.records.newest_kek_version(&acme).await.unwrap();
    assert_eq!(newest, Some(2));
    assert_eq!(kept.records.shred_keys(&acme, made_at(2)).await.unwrap(), 0);
}

#[tokio::test]
async fn of_two_servers_that_make_a_records_key_both_use_the_first() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let acme = tenant("acme");
    assert_eq!(kept.records.records_key_blob(&acme).await.unwrap(), None);
    // The tenant's row may exist already, without a blob.
    kept.records.add_kek(kek(1, 7), made_at(0)).await.unwrap();
    assert_eq!(kept.records.records_key_blob(&acme).await.unwrap(), None);
    let (one, two) = tokio::join!(
        kept.records.add_records_key_blob(&acme, vec![1; 99], at(0)),
        other.add_records_key_blob(&acme, vec![2; 99], at(0))
    );
    let one = one.unwrap();
    assert_eq!(one, two.unwrap());
    assert_eq!(other.records_key_blob(&acme).await.unwrap(), Some(one));
    assert_eq!(other.records_key_blob(&tenant("best")).await.unwrap(), None);
}

#[tokio::test]
async fn an_api_key_is_found_by_its_id_and_never_replaced() {
    let kept = kept().await;
    let row = ApiKeyRow {
        id: ApiKeyId::from_random([1; 16]),
        hash: [2; 32],
        scope: ann(),
        roles: Roles::of(&[Role::Upload, Role::Admin]),
        label: "the scanner".to_owned(),
        made_at: at(5),
        expires_at: Some(at(50)),
        revoked_at: None,
        last_used_at: None,
    };
    kept.records
        .add_api_key(row.clone(), audited())
        .await
        .unwrap();
    let second = ApiKeyRow {
        hash: [3; 32],
        ..row.clone()
    };
    let refused = kept.records.add_api_key(second, audited()).await;
    assert!(matches!(refused, Err(RecordsError::Database(_))));
    let found = kept.records.api_key(&row.id).await.unwrap();
    assert_eq!(found, Some(row.clone()));
    let unknown = ApiKeyId::from_random([9; 16]);
    assert_eq!(kept.records.api_key(&unknown).await.unwrap(), None);
    assert_eq!(kept.records.api_keys(None).await.unwrap(), from_ref(&row));
    let (own, other) = (row.scope.tenant.clone(), tenant("another"));
    assert_eq!(
        kept.records.api_keys(Some(&own)).await.unwrap(),
        from_ref(&row)
    );
    assert_eq!(kept.records.api_keys(Some(&other)).await.unwrap(), []);

    assert_eq!(row.ended(at(49)), None);
    assert_eq!(row.ended(at(50)), Some(ApiKeyEnded::Expired));
    kept.records
        .note_use_of_api_key(&row.id, at(7))
        .await
        .unwrap();
    let revoke = |ms| kept.records.revoke_api_key(&row.id, at(ms), audited());
    assert!(revoke(8).await.unwrap());
    // The first time counts.
    assert!(!revoke(9).await.unwrap());
    let found = kept.records.api_key(&row.id).await.unwrap().unwrap();
    assert_eq!(
        (found.last_used_at, found.revoked_at),
        (Some(at(7)), Some(at(8)))
    );
    assert_eq!(found.ended(at(9)), Some(ApiKeyEnded::Revoked));
}

#[test]
fn roles_are_written_as_they_are_read() {
    for text in [
        "upload",
        "download",
        "admin",
        "upload,download",
        "upload,download,member,admin,operator",
    ] {
        assert_eq!(text.parse::<Roles>().unwrap().to_string(), text);
    }
    let mixed = Roles::of(&[Role::Upload, Role::Admin]);
    assert_eq!("admin,upload".parse(), Ok(mixed));
    for role in Role::ALL {
        assert_eq!(mixed.has(role), [Role::Upload, Role::Admin].contains(&role));
        assert!(Roles::ALL.has(role));
    }
    for bad in ["", "upload,", "Upload", "root", "upload download"] {
        assert_eq!(bad.parse::<Roles>(), Err(NotARole), "{bad}");
    }
}
