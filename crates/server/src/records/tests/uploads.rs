//! Tests opening uploads and finding them again.

use core::time::Duration;

use sealift_transfer::{
    PartPlan,
    api::{UploadState, open::Method},
};

use super::{add, ann, audited, kept, new_upload, others, run, upload, upload_id, upload_in};
use crate::records::{AddedUpload, NewUpload, Records, RecordsError};

#[tokio::test]
async fn an_upload_comes_back_as_it_was_kept() {
    let kept = kept().await;
    let new = new_upload(1);
    add(&kept.records, new.clone()).await;
    let row = upload(&kept.records, 1).await;
    assert_eq!(row.state, UploadState::Opening);
    assert!(row.epoch_is_current);
    assert_eq!(row.s3_upload_id, None);
    assert_eq!(row.last_signature_ends_at, None);
    let again = NewUpload {
        upload_id: row.upload_id,
        file_id: row.file_id,
        scope: row.scope,
        client_token: row.client_token,
        request_mac: row.request_mac,
        message_id: row.message_id,
        header: row.header.into_bytes(),
        plan: row.plan,
        method: row.method,
        is_sealed_here: row.is_sealed_here,
        reseals: row.reseals,
        s3_key: row.s3_key,
        bucket: row.bucket,
        encrypted_dek: row.encrypted_dek,
        name: row.name,
        metadata: row.metadata,
        content_type: row.content_type,
        reference: row.reference,
        last_modified_ms: row.last_modified_ms,
        opened_at: row.opened_at,
        expires_at: row.expires_at,
    };
    assert_eq!(format!("{again:?}"), format!("{new:?}"));
}

#[tokio::test]
async fn what_was_not_given_stays_away() {
    let kept = kept().await;
    let new = NewUpload {
        metadata: None,
        content_type: None,
        reference: None,
        last_modified_ms: None,
        ..new_upload(1)
    };
    add(&kept.records, new).await;
    let row = upload(&kept.records, 1).await;
    assert_eq!(row.metadata, None);
    assert_eq!(row.content_type, None);
    assert_eq!(row.reference, None);
    assert_eq!(row.last_modified_ms, None);
}

#[tokio::test]
async fn a_message_id_is_never_used_again() {
    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    for scope in others().into_iter().chain([ann()]) {
        let second = NewUpload {
            message_id: [1; 32],
            scope,
            ..new_upload(2)
        };
        let refused = kept
            .records
            .add_upload(second, 9, audited())
            .await
            .unwrap_err();
        let RecordsError::Database(refused) = refused else {
            panic!("{refused}");
        };
        assert!(refused.as_database_error().unwrap().is_unique_violation());
    }
    assert_eq!(upload(&kept.records, 1).await.header.into_bytes(), [1; 200]);
}

#[tokio::test]
async fn the_same_token_gives_the_same_upload() {
    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    let again = NewUpload {
        client_token: "token-1".to_owned(),
        ..new_upload(2)
    };
    // The token gives the same upload even if the owner may not open any more uploads.
    let AddedUpload::SameToken(before) =
        kept.records.add_upload(again, 1, audited()).await.unwrap()
    else {
        panic!("opened twice");
    };
    assert_eq!(before.upload_id, upload_id(1));
    assert_eq!(before.request_mac, [1; 36]);
    let found = kept
        .records
        .upload_by_token(&ann(), "token-1")
        .await
        .unwrap();
    assert_eq!(found.unwrap().upload_id, upload_id(1));
    assert!(
        kept.records
            .upload(&ann(), &upload_id(2))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn tokens_of_different_owners_have_nothing_to_do_with_each_other() {
    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    for (n, scope) in (2..).zip(others()) {
        let theirs = NewUpload {
            client_token: "token-1".to_owned(),
            scope,
            ..new_upload(n)
        };
        add(&kept.records, theirs).await;
    }
}

#[tokio::test]
async fn of_two_servers_that_open_for_one_token_one_opens() {
    let kept = kept().await;
    let other = Records::open(&kept.file).await.unwrap();
    let again = NewUpload {
        client_token: "token-1".to_owned(),
        ..new_upload(2)
    };
    let (one, two) = tokio::join!(
        kept.records.add_upload(new_upload(1), 9, audited()),
        other.add_upload(again, 9, audited())
    );
    let opened = match (one.unwrap(), two.unwrap()) {
        (AddedUpload::Added, AddedUpload::SameToken(row)) => (upload_id(1), row.upload_id),
        (AddedUpload::SameToken(row), AddedUpload::Added) => (upload_id(2), row.upload_id),
        neither => panic!("{neither:?}"),
    };
    assert_eq!(opened.0, opened.1);
}

#[tokio::test]
async fn somebody_elses_upload_is_not_found() {
    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    for scope in others() {
        let by_id = kept.records.upload(&scope, &upload_id(1)).await;
        assert!(by_id.unwrap().is_none(), "{scope:?}");
        let by_token = kept.records.upload_by_token(&scope, "token-1").await;
        assert!(by_token.unwrap().is_none(), "{scope:?}");
    }
}

#[tokio::test]
async fn an_owner_has_so_many_open_and_no_more() {
    let kept = kept().await;
    for (n, state) in (1..).zip([
        UploadState::Opening,
        UploadState::Open,
        UploadState::Completing,
    ]) {
        upload_in(&kept.records, n, state).await;
    }
    let refused = kept
        .records
        .add_upload(new_upload(4), 3, audited())
        .await
        .unwrap();
    assert!(matches!(refused, AddedUpload::TooManyOpen), "{refused:?}");
    let [theirs, _] = others();
    let theirs = NewUpload {
        scope: theirs,
        ..new_upload(5)
    };
    let added = kept.records.add_upload(theirs, 3, audited()).await.unwrap();
    assert!(matches!(added, AddedUpload::Added), "{added:?}");
    let added = kept
        .records
        .add_upload(new_upload(4), 4, audited())
        .await
        .unwrap();
    assert!(matches!(added, AddedUpload::Added), "{added:?}");
}

#[tokio::test]
async fn what_has_ended_or_expired_is_not_counted_as_open() {
    let kept = kept().await;
    for (n, state) in (1..).zip([
        UploadState::Complete,
        UploadState::Failed,
        UploadState::Aborting,
        UploadState::Aborted,
    ]) {
        upload_in(&kept.records, n, state).await;
    }
    let added = kept
        .records
        .add_upload(new_upload(5), 1, audited())
        .await
        .unwrap();
    assert!(matches!(added, AddedUpload::Added), "{added:?}");
    let expiry_of_the_fifth = new_upload(5).expires_at;
    let new = NewUpload {
        opened_at: expiry_of_the_fifth.earlier_by(Duration::from_millis(1)),
        ..new_upload(6)
    };
    let refused = kept
        .records
        .add_upload(new.clone(), 1, audited())
        .await
        .unwrap();
    assert!(matches!(refused, AddedUpload::TooManyOpen), "{refused:?}");
    let new = NewUpload {
        opened_at: expiry_of_the_fifth,
        ..new
    };
    let added = kept.records.add_upload(new, 1, audited()).await.unwrap();
    assert!(matches!(added, AddedUpload::Added), "{added:?}");
}

#[tokio::test]
async fn an_upload_from_before_a_restore_is_marked_and_not_counted_as_open() {
    let kept = kept().await;
    add(&kept.records, new_upload(1)).await;
    kept.records.begin_new_epoch(audited()).await.unwrap();
    let added = kept
        .records
        .add_upload(new_upload(2), 1, audited())
        .await
        .unwrap();
    assert!(matches!(added, AddedUpload::Added), "{added:?}");
    assert!(!upload(&kept.records, 1).await.epoch_is_current);
    assert!(upload(&kept.records, 2).await.epoch_is_current);
}

#[tokio::test]
async fn a_row_that_contradicts_itself_is_not_believed() {
    for broken in [
        "UPDATE uploads SET sealed_len = sealed_len + 1",
        "UPDATE uploads SET frame_count = frame_count - 1",
        "UPDATE uploads SET header = x'00'",
        "UPDATE uploads SET frames_per_part = 0",
        "UPDATE uploads SET frame_length = 1",
        "UPDATE uploads SET file_id = 'no id'",
        "UPDATE uploads SET header_len = header_len + 1",
    ] {
        let kept = kept().await;
        add(&kept.records, new_upload(1)).await;
        run(&kept.records, broken).await;
        let read = kept.records.upload_by_token(&ann(), "token-1").await;
        assert!(matches!(read, Err(RecordsError::Database(_))), "{broken}");
    }
}

#[tokio::test]
async fn the_largest_file_of_the_format_can_be_kept() {
    let kept = kept().await;
    // The largest file with frames of 256 KiB (docs/FORMAT.md, arithmetic).
    let largest = PartPlan::new(200, 256 << 10, 53_679_226_880_000, 20_477).unwrap();
    let new = NewUpload {
        plan: largest,
        ..new_upload(1)
    };
    add(&kept.records, new).await;
    assert_eq!(upload(&kept.records, 1).await.plan, largest);
}

#[tokio::test]
async fn a_single_put_is_open_at_once_and_has_no_name_in_the_store() {
    let kept = kept().await;
    let new = NewUpload {
        method: Method::Single,
        ..new_upload(1)
    };
    add(&kept.records, new).await;
    let row = upload(&kept.records, 1).await;
    assert_eq!((row.state, row.method), (UploadState::Open, Method::Single));
    assert_eq!(row.s3_upload_id, None);
    let named = "UPDATE uploads SET s3_upload_id = 'x'";
    let refused = kept.records.writer.changes(sqlx::query(named)).await;
    assert!(matches!(refused, Err(RecordsError::Database(_))));
}
