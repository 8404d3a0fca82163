//! Tests that nothing that the caller gave stays once an upload has ended without a file or a file is
//! deleted.

use std::fs;

use sealift_transfer::api::UploadState;

use super::{
    Kept, add, ann, at, audited, file_id, file_made, kept, new_upload, upload, upload_id, upload_in,
};
use crate::records::{FilesToSweep, KeptVerification, NewUpload, Records, UploadRow};

/// Returns true if everything that the caller gave is removed. Checks that everything that must not be
/// used again is still there.
fn is_forgotten(row: &UploadRow, n: u8) -> bool {
    let new = new_upload(n);
    assert_eq!(row.header.clone().into_bytes(), new.header);
    assert_eq!(row.client_token, new.client_token);
    assert_eq!(row.message_id, new.message_id);
    let given = [
        !row.name.is_empty(),
        !row.request_mac.is_empty(),
        row.metadata.is_some(),
        row.content_type.is_some(),
        row.reference.is_some(),
        row.last_modified_ms.is_some(),
    ];
    let is_whole = given.iter().all(|has| *has);
    assert!(is_whole || !given.contains(&true), "half of it: {given:?}");
    !is_whole
}

#[tokio::test]
async fn an_upload_that_ends_without_a_file_keeps_nothing_of_the_caller() {
    let kept = kept().await;
    for (n, state) in (1..).zip(UploadState::ALL) {
        upload_in(&kept.records, n, state).await;
        let has_ended = matches!(
            state,
            UploadState::Aborting | UploadState::Aborted | UploadState::Failed
        );
        let row = upload(&kept.records, n).await;
        assert_eq!(is_forgotten(&row, n), has_ended, "{state:?}");
    }
    upload_in(&kept.records, 9, UploadState::Open).await;
    let id = upload_id(9);
    let expired = kept.records.begin_expiring(&id, at(5000), at(0), audited());
    assert!(expired.await.unwrap());
    assert!(is_forgotten(&upload(&kept.records, 9).await, 9));
}

#[tokio::test]
async fn a_deleted_file_keeps_nothing_of_the_caller_or_of_its_content() {
    let Kept {
        records, _folder, ..
    } = kept().await;
    file_made(&records, 1, 10).await;
    let leased = records
        .lease_to_verify(&(0..=i64::MAX), at(10), at(20))
        .await;
    let leased = leased.unwrap().unwrap();
    let hash = Ok(vec![7; 64]);
    let verified = records
        .set_verification(&leased, hash, at(15), audited())
        .await;
    assert!(verified.unwrap());
    let deleted = records.begin_deleting(&ann(), &file_id(1), audited()).await;
    assert!(deleted.unwrap().is_some());
    assert!(is_forgotten(&upload(&records, 1).await, 1));
    let rows = records
        .files_to_sweep(FilesToSweep::Deleting, at(0), None, 9)
        .await;
    let [file] = &rows.unwrap()[..] else {
        panic!("one file is being deleted");
    };
    assert!(file.name.is_empty() && file.metadata.is_none());
    assert!(file.content_type.is_none() && file.reference.is_none());
    assert_eq!(file.sniffed_type, None);
    assert_eq!(file.verification, KeptVerification::Pending);
}

#[tokio::test]
async fn removed_bytes_do_not_stay_in_the_free_space_of_the_file() {
    let kept = kept().await;
    let name = b"the sealed name that is looked for".to_vec();
    for n in 1..20 {
        let new = NewUpload {
            name: name.clone(),
            ..new_upload(n)
        };
        add(&kept.records, new).await;
    }
    let holds = |file: &std::path::Path| {
        let found = fs::read(file).unwrap();
        found.windows(name.len()).any(|at| at == name)
    };
    let file = kept.file.clone();
    kept.records.close().await;
    assert!(holds(&file), "the test looks in the wrong place");
    let again = Records::open(&file).await.unwrap();
    for n in 1..20 {
        let aborted = again.begin_aborting(&ann(), &upload_id(n), audited()).await;
        assert!(aborted.unwrap());
    }
    again.close().await;
    assert!(!holds(&file));
}
