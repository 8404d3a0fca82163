//! Tests what the sweeper finds, and that it changes only rows that are still in the state it found.

use sealift_transfer::api::{PartReceipt, Sha256, UploadState};

use super::{
    add, ann, at, audited, ends, file_id, file_made, kept, new_upload, run, state_of, upload,
    upload_id, upload_in,
};
use crate::{
    objects::ObjectKey,
    records::{FilesToSweep, Records, UploadsToSweep},
};

const NONE: [UploadState; 0] = [];

/// Returns the states of the uploads found at that time, sorted by name.
async fn found(records: &Records, which: UploadsToSweep, now_ms: i64) -> Vec<UploadState> {
    let rows = records.uploads_to_sweep(which, at(now_ms), None, 99).await;
    let rows = rows.unwrap();
    assert!(rows.is_sorted_by_key(|row| row.upload_id.clone()));
    let mut states: Vec<_> = rows.iter().map(|row| row.state).collect();
    states.sort_by_key(|state| state.as_str());
    states
}

async fn sign(records: &Records, n: u8, expires_at_ms: i64, signature_ends_at_ms: i64) {
    let receipt = PartReceipt {
        number: 1.try_into().unwrap(),
        sha256: Sha256::of(b"a"),
    };
    let (ann, id) = (ann(), upload_id(n));
    let parts = [(receipt, 1)];
    let signed = records.sign_parts(
        &ann,
        &id,
        &parts,
        at(0),
        ends(expires_at_ms, signature_ends_at_ms),
        audited(),
    );
    signed.await.unwrap();
}

#[tokio::test]
async fn what_has_expired_or_was_cut_off_is_found_and_nothing_else() {
    use UploadState::{Aborted, Aborting, Completing, Failed, Open, Opening};
    let kept = kept().await;
    let records = &kept.records;
    for (n, state) in (1..).zip(UploadState::ALL) {
        upload_in(records, n, state).await;
    }
    assert_eq!(found(records, UploadsToSweep::Expired, 1000).await, NONE);
    let expired = found(records, UploadsToSweep::Expired, 1002).await;
    assert_eq!(expired, [Open, Opening]);
    assert_eq!(found(records, UploadsToSweep::Abandoned, 99).await, NONE);
    let abandoned = found(records, UploadsToSweep::Abandoned, 100).await;
    assert_eq!(abandoned, [Completing]);
    let aborting = found(records, UploadsToSweep::Aborting, 0).await;
    assert_eq!(aborting, [Aborting]);
    let tombstones = found(records, UploadsToSweep::Tombstones, 0).await;
    assert_eq!(tombstones, [Aborted, Failed]);
    records.begin_new_epoch(audited()).await.unwrap();
    let expired = found(records, UploadsToSweep::Expired, 0).await;
    assert_eq!(expired, [Open, Opening]);
}

#[tokio::test]
async fn uploads_are_found_page_by_page() {
    let kept = kept().await;
    for n in 1..=5 {
        upload_in(&kept.records, n, UploadState::Aborting).await;
    }
    let mut seen = Vec::new();
    loop {
        let after = seen.last();
        let page = kept
            .records
            .uploads_to_sweep(UploadsToSweep::Aborting, at(0), after, 2);
        let page = page.await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|row| row.upload_id));
    }
    let mut expected = [1, 2, 3, 4, 5].map(upload_id);
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_upload_that_got_a_signature_meanwhile_does_not_expire() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    assert_eq!(
        found(&kept.records, UploadsToSweep::Expired, 1500)
            .await
            .len(),
        1
    );
    sign(&kept.records, 1, 2000, 900).await;
    let id = upload_id(1);
    assert!(
        !kept
            .records
            .begin_expiring(&id, at(1500), at(0), audited())
            .await
            .unwrap()
    );
    assert_eq!(state_of(&kept.records, 1).await, UploadState::Open);
    assert!(
        kept.records
            .begin_expiring(&id, at(2000), at(0), audited())
            .await
            .unwrap()
    );
    assert_eq!(state_of(&kept.records, 1).await, UploadState::Aborting);
    let row = upload(&kept.records, 1).await;
    assert_eq!(row.last_signature_ends_at, Some(at(900)));
}

#[tokio::test]
async fn after_a_restore_a_tombstone_waits_for_signatures_that_were_forgotten() {
    let kept = kept().await;
    for n in [1, 2] {
        upload_in(&kept.records, n, UploadState::Open).await;
    }
    sign(&kept.records, 2, 2000, 800).await;
    kept.records.begin_new_epoch(audited()).await.unwrap();
    for n in [1, 2] {
        let began = kept
            .records
            .begin_expiring(&upload_id(n), at(5), at(700), audited())
            .await;
        assert!(began.unwrap());
    }
    let ends = async |n| upload(&kept.records, n).await.last_signature_ends_at;
    assert_eq!(
        (ends(1).await, ends(2).await),
        (Some(at(700)), Some(at(800)))
    );
}

#[tokio::test]
async fn a_tombstone_stands_until_its_last_signature_has_ended() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Open).await;
    sign(&kept.records, 1, 2000, 900).await;
    let id = upload_id(1);
    assert!(
        kept.records
            .begin_aborting(&ann(), &id, audited())
            .await
            .unwrap()
    );
    assert!(kept.records.finish_aborting(&id, None).await.unwrap());
    assert_eq!(
        found(&kept.records, UploadsToSweep::Tombstones, 899).await,
        []
    );
    assert_eq!(
        found(&kept.records, UploadsToSweep::Tombstones, 900)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn only_a_tombstone_is_swept_and_only_once() {
    let kept = kept().await;
    for (n, state) in (1..).zip(UploadState::ALL) {
        upload_in(&kept.records, n, state).await;
        let is_tombstone = matches!(state, UploadState::Aborted | UploadState::Failed);
        for expected in [is_tombstone, false] {
            let swept = kept
                .records
                .sweep_upload(&upload_id(n), at(5), audited())
                .await;
            assert_eq!(swept.unwrap(), expected, "{state:?}");
        }
    }
    let tombstones = found(&kept.records, UploadsToSweep::Tombstones, 9999).await;
    assert_eq!(tombstones, NONE);
}

#[tokio::test]
async fn a_deleted_file_is_swept_with_its_upload_after_its_last_signature() {
    let kept = kept().await;
    let records = &kept.records;
    file_made(records, 1, 10).await;
    run(
        records,
        "UPDATE uploads SET last_signature_ends_at_ms = 900",
    )
    .await;
    let found = async |which, now_ms| {
        let rows = records.files_to_sweep(which, at(now_ms), None, 9).await;
        rows.unwrap().len()
    };
    assert!(
        !records
            .sweep_file(&file_id(1), at(5), audited())
            .await
            .unwrap()
    );
    records
        .begin_deleting(&ann(), &file_id(1), audited())
        .await
        .unwrap();
    assert_eq!(found(FilesToSweep::Deleting, 0).await, 1);
    assert_eq!(found(FilesToSweep::Tombstones, 9999).await, 0);
    records.finish_deleting(&file_id(1), None).await.unwrap();
    assert_eq!(found(FilesToSweep::Deleting, 0).await, 0);
    assert_eq!(found(FilesToSweep::Tombstones, 899).await, 0);
    assert_eq!(found(FilesToSweep::Tombstones, 900).await, 1);
    assert!(
        records
            .sweep_file(&file_id(1), at(5), audited())
            .await
            .unwrap()
    );
    assert!(
        !records
            .sweep_file(&file_id(1), at(5), audited())
            .await
            .unwrap()
    );
    assert_eq!(found(FilesToSweep::Tombstones, 9999).await, 0);
    let row = upload(records, 1).await;
    assert_eq!((row.state, row.name.len()), (UploadState::Complete, 0));
}

#[tokio::test]
async fn object_keys_with_a_row_are_known_whatever_became_of_them() {
    let kept = kept().await;
    let mut asked = vec![ObjectKey::from_record("sealift/acme/stray".to_owned())];
    for (n, state) in (1..).zip(UploadState::ALL) {
        upload_in(&kept.records, n, state).await;
        asked.push(upload(&kept.records, n).await.s3_key);
    }
    add(&kept.records, new_upload(9)).await;
    run(
        &kept.records,
        "UPDATE uploads SET swept_at_ms = 1 WHERE state = 'failed'",
    )
    .await;
    let known = kept.records.known_objects(&asked).await.unwrap();
    assert_eq!(known.len(), asked.len() - 1);
    for (object_key, state) in asked.iter().skip(1).zip(UploadState::ALL) {
        let object = &known[object_key];
        assert_eq!(object.state, state);
        assert_eq!(object.is_swept, state == UploadState::Failed);
        assert_eq!(object.s3_upload_id.is_some(), state != UploadState::Opening);
    }
    assert!(kept.records.known_objects(&[]).await.unwrap().is_empty());
}
