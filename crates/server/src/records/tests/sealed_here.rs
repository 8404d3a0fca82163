//! Tests uploads that the server seals itself: clients cannot sign parts of them, and they end with the
//! length that came.

use sealift_transfer::{
    PartNumber, PartPlan,
    api::{PartReceipt, Sha256, UploadId, UploadState},
};

use super::{
    LEASE, add, ann, at, audited, ends, kept, new_upload, owner, plan, upload, upload_id, upload_in,
};
use crate::{
    objects::S3UploadId,
    records::{NewUpload, Records, SignedRows},
};

/// Opens Ann's upload 1, which the server seals and which has room for four parts.
async fn sealed_here(records: &Records) -> UploadId {
    let new = NewUpload {
        is_sealed_here: true,
        ..new_upload(1)
    };
    add(records, new).await;
    let sent = S3UploadId("s3".to_owned());
    assert!(records.begin_sending(&upload_id(1), sent).await.unwrap());
    upload_id(1)
}

fn part(number: u16, content: &[u8]) -> (PartReceipt, u64) {
    let receipt = PartReceipt {
        number: PartNumber::try_from(number).unwrap(),
        sha256: Sha256::of(content),
    };
    (receipt, 7)
}

/// Saves a part that the server seals for upload `n`, which then ends at `expires_at_ms`.
async fn keep(
    records: &Records,
    n: u8,
    part: (PartReceipt, u64),
    now_ms: i64,
    expires_at_ms: i64,
) -> SignedRows {
    let (scope, id, end) = (ann(), upload_id(n), at(expires_at_ms));
    let kept = records.keep_sealed_part(&scope, &id, part, at(now_ms), end, end);
    kept.await.unwrap()
}

#[tokio::test]
async fn parts_are_kept_for_who_seals_them_only() {
    let kept = kept().await;
    let records = &kept.records;
    let id = sealed_here(records).await;
    let (scope, parts) = (ann(), [part(1, b"a")]);
    let signed = records.sign_parts(&scope, &id, &parts, at(2), ends(9, 9), audited());
    let not_open = SignedRows::NotOpen(UploadState::Open);
    assert_eq!(signed.await.unwrap(), not_open);
    assert_eq!(records.parts(&id).await.unwrap(), []);

    let own = keep(records, 1, part(1, b"a"), 2, 9).await;
    assert_eq!(own, SignedRows::Signed);
    let other = keep(records, 1, part(1, b"b"), 2, 9).await;
    assert_eq!(other, SignedRows::AlreadySealed(PartNumber::FIRST));
    let late = keep(records, 1, part(2, b"b"), 9, 20).await;
    assert_eq!(late, SignedRows::Expired);

    // The server does not save parts of an upload that a client seals either.
    upload_in(records, 2, UploadState::Open).await;
    assert_eq!(keep(records, 2, part(1, b"a"), 2, 9).await, not_open);
}

#[tokio::test]
async fn the_plan_is_set_to_what_came_while_it_is_open_and_never_to_more() {
    let kept = kept().await;
    let records = &kept.records;
    let id = sealed_here(records).await;
    let of =
        |len: u64, frames_per_part: u64| PartPlan::new(200, 4096, len, frames_per_part).unwrap();
    for other in [of(7 * 4096 + 1, 2), of(5000, 3)] {
        assert!(!records.end_sealing(&id, &other).await.unwrap());
        assert_eq!(upload(records, 1).await.plan, plan());
    }
    assert!(records.end_sealing(&id, &of(5000, 2)).await.unwrap());
    assert_eq!(upload(records, 1).await.plan, of(5000, 2));
    let begun = records.begin_completing(&id, owner(1), at(3), LEASE);
    assert!(begun.await.unwrap());
    assert!(!records.end_sealing(&id, &of(4000, 2)).await.unwrap());

    upload_in(records, 2, UploadState::Open).await;
    assert!(
        !records
            .end_sealing(&upload_id(2), &of(5000, 2))
            .await
            .unwrap()
    );
    assert_eq!(upload(records, 2).await.plan, plan());
}

#[tokio::test]
async fn it_is_in_no_list_of_what_can_go_on() {
    let kept = kept().await;
    let records = &kept.records;
    sealed_here(records).await;
    upload_in(records, 2, UploadState::Open).await;
    let listed = records
        .unfinished_of(&ann(), None, 10, at(2))
        .await
        .unwrap();
    let ids: Vec<_> = listed.iter().map(|one| &one.upload.upload_id).collect();
    assert_eq!(ids, [&upload_id(2)]);
}
