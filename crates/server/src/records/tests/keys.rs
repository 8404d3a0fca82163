//! Tests KEK rows, records keys and API keys.

use sealift_keyring::KekRow;
use sealift_transfer::api::{ApiKeyId, TenantId};

use super::{ann, at, audited, kept};
use crate::records::{ApiKeyRow, NotARole, Records, RecordsError, Roles};

fn kek(version: u32, sealed: u8) -> KekRow {
    KekRow {
        tenant: "acme".to_owned(),
        version,
        pepper_version: 0,
        wrapped_by: "local".to_owned(),
        iv: [sealed; 12],
        sealed: vec![sealed; 48],
    }
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

#[tokio::test]
async fn the_newest_kek_is_found_and_every_older_one() {
    let kept = kept().await;
    assert_eq!(
        kept.records.newest_kek(&tenant("acme")).await.unwrap(),
        None
    );
    for version in [1, 10, 9, u32::MAX] {
        let row = kek(version, 7);
        assert_eq!(kept.records.add_kek(row.clone(), at(0)).await.unwrap(), row);
        let found = kept.records.kek(&tenant("acme"), version).await.unwrap();
        assert_eq!(found, Some(row));
    }
    let newest = kept.records.newest_kek(&tenant("acme")).await.unwrap();
    assert_eq!(newest.unwrap().version, u32::MAX);
    assert_eq!(kept.records.kek(&tenant("acme"), 2).await.unwrap(), None);
    assert_eq!(
        kept.records.newest_kek(&tenant("best")).await.unwrap(),
        None
    );
    assert_eq!(kept.records.kek(&tenant("best"), 1).await.unwrap(), None);
}

#[tokio::test]
async fn a_kek_of_some_tenant_is_found_where_there_is_one() {
    let kept = kept().await;
    assert_eq!(kept.records.any_kek().await.unwrap(), None);
    kept.records.add_kek(kek(3, 7), at(0)).await.unwrap();
    assert_eq!(kept.records.any_kek().await.unwrap(), Some(kek(3, 7)));
}

#[tokio::test]
async fn of_two_servers_that_make_a_kek_both_use_the_first() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let (one, two) = tokio::join!(
        kept.records.add_kek(kek(1, 7), at(0)),
        other.add_kek(kek(1, 8), at(0))
    );
    let one = one.unwrap();
    assert_eq!(one, two.unwrap());
    let found = other.kek(&tenant("acme"), 1).await.unwrap();
    assert_eq!(found, Some(one));
}

#[tokio::test]
async fn of_two_servers_that_make_a_records_key_both_use_the_first() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let acme = tenant("acme");
    assert_eq!(kept.records.records_key_blob(&acme).await.unwrap(), None);
    // The tenant's row may exist already, without a blob.
    kept.records.add_kek(kek(1, 7), at(0)).await.unwrap();
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
        roles: Roles {
            upload: true,
            download: false,
            admin: true,
        },
        made_at: at(5),
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
    assert_eq!(found, Some(row));
    let unknown = ApiKeyId::from_random([9; 16]);
    assert_eq!(kept.records.api_key(&unknown).await.unwrap(), None);
}

#[test]
fn roles_are_written_as_they_are_read() {
    for text in [
        "upload",
        "download",
        "admin",
        "upload,download",
        "upload,download,admin",
    ] {
        assert_eq!(text.parse::<Roles>().unwrap().to_string(), text);
    }
    assert_eq!("admin,download,upload".parse(), Ok(Roles::ALL));
    for bad in ["", "upload,", "Upload", "root", "upload download"] {
        assert_eq!(bad.parse::<Roles>(), Err(NotARole), "{bad}");
    }
}
