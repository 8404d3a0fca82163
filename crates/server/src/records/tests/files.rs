//! Tests files: their list and their deletion.

use sealift_transfer::api::UploadState;

use super::{
    ann, at, audited, file_id, file_made, kept, new_upload, others, run, upload_id, upload_in,
};
use crate::{
    objects::{ETag, VersionId},
    records::{FileCursor, FileRow, KeptVerification, RecordedHeader, Records},
    sniffed::SniffedType,
};

fn behind(file: &FileRow) -> FileCursor {
    FileCursor {
        uploaded_at: file.uploaded_at,
        file_id: file.file_id.clone(),
    }
}

#[tokio::test]
async fn a_completed_upload_becomes_a_file_with_all_that_it_had() {
    let kept = kept().await;
    upload_in(&kept.records, 1, UploadState::Completing).await;
    let none_yet = kept.records.file(&ann(), &file_id(1)).await.unwrap();
    assert_eq!(none_yet, None);
    let file = file_made(&kept.records, 2, 77).await;
    let new = new_upload(2);
    let expected = FileRow {
        file_id: new.file_id,
        upload_id: new.upload_id,
        scope: new.scope,
        message_id: new.message_id,
        header: RecordedHeader::new(new.header),
        plan: new.plan,
        s3_key: new.s3_key,
        bucket: new.bucket,
        version: Some(VersionId("v".to_owned())),
        etag: ETag("\"e\"".to_owned()),
        encrypted_dek: new.encrypted_dek,
        name: new.name,
        metadata: new.metadata,
        content_type: new.content_type,
        sniffed_type: SniffedType::of(b"GIF89a"),
        reference: new.reference,
        uploaded_at: at(77),
        verification: KeptVerification::Pending,
    };
    assert_eq!(file, expected);
    let by_id = kept.records.file(&ann(), &file_id(2)).await.unwrap();
    assert_eq!(by_id.as_ref(), Some(&expected));
    let by_upload = kept.records.file_of_upload(&ann(), &upload_id(2)).await;
    assert_eq!(by_upload.unwrap(), Some(expected));
}

#[tokio::test]
async fn somebody_elses_file_is_not_found() {
    let kept = kept().await;
    file_made(&kept.records, 1, 1).await;
    for scope in others() {
        let by_id = kept.records.file(&scope, &file_id(1)).await.unwrap();
        assert_eq!(by_id, None, "{scope:?}");
        let by_upload = kept.records.file_of_upload(&scope, &upload_id(1)).await;
        assert_eq!(by_upload.unwrap(), None, "{scope:?}");
        let listed = kept.records.files(&scope, None, 9).await.unwrap();
        assert_eq!(listed, [], "{scope:?}");
        let deleted = kept
            .records
            .begin_deleting(&scope, &file_id(1), audited())
            .await;
        assert_eq!(deleted.unwrap(), None, "{scope:?}");
    }
    assert!(
        kept.records
            .file(&ann(), &file_id(1))
            .await
            .unwrap()
            .is_some()
    );
}

async fn page(records: &Records, cursor: Option<FileCursor>) -> Vec<FileRow> {
    records.files(&ann(), cursor, 2).await.unwrap()
}

#[tokio::test]
async fn a_walk_by_cursor_meets_every_file_once_while_files_come_and_go() {
    let kept = kept().await;
    // Three of them are completed in the same millisecond.
    for (n, at_ms) in [(1, 30), (2, 20), (3, 20), (4, 20), (5, 10)] {
        file_made(&kept.records, n, at_ms).await;
    }
    let first = page(&kept.records, None).await;
    file_made(&kept.records, 6, 31).await;
    let second = page(&kept.records, first.last().map(behind)).await;
    // The cursor stays valid when its own file is deleted.
    let last = second.last().unwrap();
    let gone = kept
        .records
        .begin_deleting(&ann(), &last.file_id, audited())
        .await;
    assert!(gone.unwrap().is_some());
    let third = page(&kept.records, Some(behind(last))).await;
    let fourth = page(&kept.records, third.last().map(behind)).await;
    assert_eq!(fourth, []);

    let walked: Vec<_> = [first, second, third].concat();
    let times: Vec<_> = walked.iter().map(|file| file.uploaded_at).collect();
    assert_eq!(times, [30, 20, 20, 20, 10].map(at));
    let mut ids: Vec<_> = walked.into_iter().map(|file| file.file_id).collect();
    ids.sort();
    let mut expected: Vec<_> = (1..=5).map(file_id).collect();
    expected.sort();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_file_that_is_being_deleted_is_found_by_nobody_but_its_deleter() {
    let kept = kept().await;
    let file = file_made(&kept.records, 1, 1).await;
    let id = file_id(1);
    assert!(!kept.records.finish_deleting(&id, None).await.unwrap());
    // The second time repeats an interrupted deletion.
    for _ in 0..2 {
        let deleting = kept
            .records
            .begin_deleting(&ann(), &id, audited())
            .await
            .unwrap();
        // The deletion only needs the object's key and version.
        let place = |file: FileRow| (file.file_id, file.s3_key, file.version);
        assert_eq!(deleting.map(place), Some(place(file.clone())));
        assert_eq!(kept.records.file(&ann(), &id).await.unwrap(), None);
        let by_upload = kept.records.file_of_upload(&ann(), &upload_id(1)).await;
        assert_eq!(by_upload.unwrap(), None);
        assert_eq!(kept.records.files(&ann(), None, 9).await.unwrap(), []);
    }
    assert!(kept.records.finish_deleting(&id, None).await.unwrap());
    assert!(!kept.records.finish_deleting(&id, None).await.unwrap());
    assert_eq!(
        kept.records
            .begin_deleting(&ann(), &id, audited())
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_file_on_hold_is_not_deleted() {
    let kept = kept().await;
    file_made(&kept.records, 1, 1).await;
    run(&kept.records, "UPDATE files SET hold = TRUE").await;
    let deleted = kept
        .records
        .begin_deleting(&ann(), &file_id(1), audited())
        .await;
    assert_eq!(deleted.unwrap(), None);
    assert!(
        kept.records
            .file(&ann(), &file_id(1))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_quarantined_or_pending_file_is_not_given() {
    for state in [
        "UPDATE files SET state = 'quarantined'",
        "UPDATE files SET state = 'pending'",
    ] {
        let kept = kept().await;
        file_made(&kept.records, 1, 1).await;
        run(&kept.records, state).await;
        assert_eq!(kept.records.file(&ann(), &file_id(1)).await.unwrap(), None);
        assert_eq!(kept.records.files(&ann(), None, 9).await.unwrap(), []);
    }
}
