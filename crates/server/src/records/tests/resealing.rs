//! Tests that a file's object is replaced in one step or not at all.

use sealift_transfer::api::UploadState;

use super::{
    LEASE, add, ann, at, audited, file_id, file_made, kept, new_upload, object, owner, run,
    state_of, upload, upload_id,
};
use crate::{
    objects::{ETag, Reached, S3UploadId, StoreAddress},
    records::{FileRow, KeptVerification, MovedFile, MovedStore, NewUpload, Records, Replaced},
};

/// Opens the upload `n`, which replaces the object of the file that upload 1 made, and begins to complete it.
async fn resealing(records: &Records, n: u8) {
    let new = NewUpload {
        file_id: file_id(1),
        reseals: Some(upload_id(1)),
        is_sealed_here: true,
        name: b"sealed again".to_vec(),
        ..new_upload(n)
    };
    add(records, new).await;
    let id = upload_id(n);
    let sent = records.begin_sending(&id, S3UploadId(format!("s3-{n}")));
    assert!(sent.await.unwrap());
    let begun = records.begin_completing(&id, owner(n), at(0), LEASE);
    assert!(begun.await.unwrap());
}

async fn replace(records: &Records, n: u8, by: u8) -> Replaced {
    let (id, sha256) = (upload_id(n), vec![7; 64]);
    let replaced = records.replace_object(&id, owner(by), object(50), sha256, audited());
    replaced.await.unwrap()
}

async fn file(records: &Records) -> Option<FileRow> {
    records.file(&ann(), &file_id(1)).await.unwrap()
}

#[tokio::test]
async fn the_file_gets_the_new_object_and_the_old_upload_is_left_to_the_sweeper() {
    let kept = kept().await;
    let records = &kept.records;
    let old = file_made(records, 1, 10).await;
    resealing(records, 2).await;
    let before = records.deployment().await.unwrap().reached;
    let Replaced::Done(new) = replace(records, 2, 2).await else {
        panic!("it was not replaced");
    };
    // A copy of the database from before names an object that will be gone.
    assert!(records.deployment().await.unwrap().reached > before);
    assert_eq!(Some(&*new), file(records).await.as_ref());
    let upload_2 = new_upload(2);
    let expected = FileRow {
        upload_id: upload_id(2),
        message_id: upload_2.message_id,
        header: new.header.clone(),
        s3_key: upload_2.s3_key,
        encrypted_dek: upload_2.encrypted_dek,
        name: b"sealed again".to_vec(),
        verification: KeptVerification::Verified {
            at: at(50),
            sealed_sha256: vec![7; 64],
        },
        ..old
    };
    assert_eq!(*new, expected);
    assert_eq!(new.header.into_bytes(), upload_2.header);
    assert_eq!(state_of(records, 1).await, UploadState::Aborting);
    assert_eq!(state_of(records, 2).await, UploadState::Complete);
    // A client that opens its upload again finds the file.
    let by_token = records.upload_by_token(&ann(), "token-1").await.unwrap();
    let by_token = by_token.unwrap();
    assert_eq!(by_token.upload_id, upload_id(2));
    assert_eq!(by_token.request_mac, new_upload(1).request_mac);
    assert!(upload(records, 1).await.name.is_empty());
}

#[tokio::test]
async fn only_one_of_two_new_objects_replaces_the_old_one() {
    let kept = kept().await;
    let records = &kept.records;
    file_made(records, 1, 10).await;
    resealing(records, 2).await;
    resealing(records, 3).await;
    assert!(matches!(replace(records, 3, 3).await, Replaced::Done(_)));
    let late = replace(records, 2, 2).await;
    assert!(matches!(late, Replaced::NotTheFiles), "{late:?}");
    assert_eq!(state_of(records, 2).await, UploadState::Completing);
    assert_eq!(file(records).await.unwrap().upload_id, upload_id(3));
    // The file's row alone holds name and metadata.
    assert!(upload(records, 2).await.name.is_empty());
}

#[tokio::test]
async fn nobody_replaces_it_without_the_lease() {
    let kept = kept().await;
    let records = &kept.records;
    let old = file_made(records, 1, 10).await;
    resealing(records, 2).await;
    let without = replace(records, 2, 9).await;
    assert!(matches!(without, Replaced::LeaseLost), "{without:?}");
    assert_eq!(file(records).await.unwrap(), old);
}

#[tokio::test]
async fn a_deleted_file_gets_no_object_and_its_name_stays_nowhere() {
    let kept = kept().await;
    let records = &kept.records;
    file_made(records, 1, 10).await;
    resealing(records, 2).await;
    let deleted = records.begin_deleting(&ann(), &file_id(1), audited()).await;
    assert!(deleted.unwrap().is_some());
    assert!(upload(records, 2).await.name.is_empty());
    let late = replace(records, 2, 2).await;
    assert!(matches!(late, Replaced::NotTheFiles), "{late:?}");
    assert_eq!(file(records).await, None);
    assert_eq!(state_of(records, 1).await, UploadState::Complete);
}

#[tokio::test]
async fn an_object_of_another_length_does_not_replace_it() {
    let kept = kept().await;
    let records = &kept.records;
    let old = file_made(records, 1, 10).await;
    resealing(records, 2).await;
    run(
        records,
        "UPDATE uploads SET plaintext_len = plaintext_len - 1 WHERE reseals IS NOT NULL",
    )
    .await;
    let other = replace(records, 2, 2).await;
    assert!(matches!(other, Replaced::NotTheFiles), "{other:?}");
    assert_eq!(file(records).await.unwrap(), old);
}

#[tokio::test]
async fn nothing_is_replaced_without_its_audit_entry() {
    let kept = kept().await;
    let records = &kept.records;
    let old = file_made(records, 1, 10).await;
    resealing(records, 2).await;
    run(
        records,
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'closed'); END",
    )
    .await;
    let id = upload_id(2);
    let refused = records.replace_object(&id, owner(2), object(50), vec![7; 64], audited());
    assert!(refused.await.is_err());
    assert_eq!(file(records).await.unwrap(), old);
    assert_eq!(state_of(records, 1).await, UploadState::Complete);
    assert_eq!(state_of(records, 2).await, UploadState::Completing);
}

/// Moves the store after these files' objects were looked at in the new one.
async fn moves(records: &Records, looked_at: &[&FileRow]) -> bool {
    let files = looked_at.iter().map(|file| MovedFile {
        file_id: file.file_id.clone(),
        upload_id: file.upload_id.clone(),
        etag: ETag("\"moved\"".to_owned()),
        version: None,
    });
    let moved = MovedStore {
        store: StoreAddress {
            endpoint: "aws".to_owned(),
            bucket: "another".to_owned(),
            prefix: "sealift".to_owned(),
        },
        files: files.collect(),
        mark: Reached::default(),
        verification_due_at: None,
    };
    records.move_store(moved, audited()).await.unwrap()
}

#[tokio::test]
async fn the_store_does_not_move_if_an_object_was_replaced_after_it_was_looked_at() {
    let kept = kept().await;
    let records = &kept.records;
    let old = file_made(records, 1, 10).await;
    let other = file_made(records, 4, 10).await;
    resealing(records, 2).await;
    let Replaced::Done(new) = replace(records, 2, 2).await else {
        panic!("it was not replaced");
    };
    // The other file's row is changed before the mismatch is found, and must be as before.
    assert!(!moves(records, &[&other, &old]).await);
    assert_eq!(file(records).await.as_ref(), Some(&*new));
    let other_now = records.file(&ann(), &file_id(4)).await.unwrap();
    assert_eq!(other_now.as_ref(), Some(&other));
    assert_eq!(records.deployment().await.unwrap().store, None);
    assert!(moves(records, &[&other, &new]).await);
}

#[tokio::test]
async fn a_reseal_that_began_before_the_store_moved_replaces_nothing() {
    let kept = kept().await;
    let records = &kept.records;
    let old = file_made(records, 1, 10).await;
    resealing(records, 2).await;
    assert!(moves(records, &[&old]).await);
    let moved = file(records).await;
    let late = replace(records, 2, 2).await;
    assert!(matches!(late, Replaced::NotTheFiles), "{late:?}");
    assert_eq!(file(records).await, moved);
}
