//! Tests the list of unfinished uploads.

use sealift_transfer::api::{PartReceipt, Sha256, UploadState};

use super::{add, ann, at, audited, ends, kept, new_upload, others, run, upload_id, upload_in};
use crate::records::{NewUpload, Records, UploadCursor};

const NONE: [u8; 0] = [];

/// Returns the uploads of one page, by number.
async fn page(records: &Records, cursor: Option<UploadCursor>, most: u32) -> Vec<u8> {
    let page = records
        .unfinished_of(&ann(), cursor, most, at(0))
        .await
        .unwrap();
    let number = |n: u8, id| upload_id(n) == id;
    page.into_iter()
        .map(|found| (1..=99).find(|n| number(*n, found.upload.upload_id.clone())))
        .map(Option::unwrap)
        .collect()
}

#[tokio::test]
async fn unfinished_uploads_are_listed_newest_first_page_by_page() {
    let kept = kept().await;
    for n in 1..=5 {
        add(&kept.records, new_upload(n)).await;
    }
    assert_eq!(page(&kept.records, None, 2).await, [5, 4]);
    let behind = |n: u8| UploadCursor {
        opened_at: at(i64::from(n)),
        upload_id: upload_id(n),
    };
    assert_eq!(page(&kept.records, Some(behind(4)), 9).await, [3, 2, 1]);
    assert_eq!(page(&kept.records, Some(behind(1)), 9).await, NONE);
    // Uploads of the same moment are sorted by id, and each is listed once.
    run(&kept.records, "UPDATE uploads SET opened_at_ms = 3").await;
    let all = page(&kept.records, None, 9).await;
    let second = UploadCursor {
        opened_at: at(3),
        upload_id: upload_id(all[1]),
    };
    assert_eq!(page(&kept.records, Some(second), 9).await, all[2..]);
}

#[tokio::test]
async fn only_what_can_go_on_is_listed_and_only_to_its_owner() {
    let kept = kept().await;
    for (n, state) in (1..).zip(UploadState::ALL) {
        upload_in(&kept.records, n, state).await;
    }
    for (n, scope) in (20..).zip(others()) {
        let theirs = NewUpload {
            scope,
            ..new_upload(n)
        };
        add(&kept.records, theirs).await;
    }
    // In the list of states, opening, open and completing come first.
    assert_eq!(page(&kept.records, None, 99).await, [3, 2, 1]);
    let later = kept.records.unfinished_of(&ann(), None, 99, at(1002)).await;
    assert_eq!(later.unwrap().len(), 1, "number 3 expires at 1003");
    kept.records.begin_new_epoch(audited()).await.unwrap();
    assert_eq!(page(&kept.records, None, 99).await, NONE);
}

#[tokio::test]
async fn each_upload_comes_with_the_number_of_its_signed_parts() {
    let kept = kept().await;
    for n in [1, 2] {
        upload_in(&kept.records, n, UploadState::Open).await;
    }
    let receipts = [1, 3].map(|number: u16| {
        let number = number.try_into().unwrap();
        let sha256 = Sha256::of(b"a");
        (PartReceipt { number, sha256 }, 1)
    });
    let (owner, id) = (ann(), upload_id(2));
    let signed = kept
        .records
        .sign_parts(&owner, &id, &receipts, at(0), ends(2000, 900), audited());
    signed.await.unwrap();
    let found = kept
        .records
        .unfinished_of(&ann(), None, 9, at(0))
        .await
        .unwrap();
    let counts = found.iter().map(|found| found.signed_parts);
    assert_eq!(counts.collect::<Vec<_>>(), [2, 0]);
}
