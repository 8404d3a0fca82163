//! Objects that are joined from parts.

use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt as _, stream};
use sealift_server::objects::{CompletedPart, ETag, ObjectsError, S3UploadId};
use sealift_transfer::api::Sha256;

use crate::{
    bench::{BUCKET, Bench, completed, len, now, number},
    quirks::Quirk,
};

/// The least bytes that S3 accepts for every part but the last.
const LEAST_PART: usize = 5 * 1024 * 1024;

pub(crate) async fn parts_are_listed_by_number_with_length_and_sha256(bench: &Bench) {
    let upload = bench.begin().await;
    let sent = [11, 2, 1, 10].map(|number| (number, format!("part {number}")));
    for (number, bytes) in &sent {
        bench.send_part(&upload, *number, bytes.as_bytes()).await;
    }
    let parts = bench.parts(&upload).await;
    let numbers: Vec<_> = parts.iter().map(|part| part.number.get()).collect();
    assert_eq!(numbers, [1, 2, 10, 11]);
    for (at, bytes) in &sent {
        let mut its = parts.iter().filter(|part| part.number.get() == *at);
        let part = its.next().unwrap();
        assert_eq!(part.len, len(bytes.as_bytes()));
        assert_eq!(part.sha256, Some(Sha256::of(bytes.as_bytes())));
    }
}

pub(crate) async fn more_than_a_thousand_parts_are_listed(bench: &Bench) {
    let upload = bench.begin().await;
    let upload_ref = &upload;
    stream::iter(1..=1002)
        .for_each_concurrent(8, |part| async move {
            bench.send_part(upload_ref, part, b"a").await;
        })
        .await;
    let page = bench.sdk.list_parts().bucket(BUCKET);
    let page = page.key(bench.key.as_str()).upload_id(&upload.0);
    let first = page.send().await.unwrap();
    let one_page = bench.has(Quirk::ListsInOnePage);
    assert_eq!(first.parts().len(), if one_page { 1002 } else { 1000 });
    let parts = bench.parts(&upload).await;
    let numbers = parts.iter().map(|part| part.number.get());
    assert!(numbers.eq(1..=1002));
}

pub(crate) async fn a_part_sent_twice_is_one_part(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, b"sealed").await;
    bench.send_part(&upload, 1, b"sealed").await;
    assert_eq!(bench.parts(&upload).await.len(), 1);
}

pub(crate) async fn part_numbers_out_of_range_are_refused(bench: &Bench) {
    for (number, quirk) in [
        (0, Quirk::TakesPartZero),
        (10_001, Quirk::TakesPartBeyondTenThousand),
    ] {
        let upload = bench.begin().await;
        let request = bench.sdk.upload_part().bucket(BUCKET);
        let request = request.key(bench.key.as_str()).upload_id(&upload.0);
        let request = request.part_number(number);
        let sent = request.body(ByteStream::from_static(b"a")).send().await;
        if bench.has(quirk) {
            sent.unwrap();
            // Sealift uses no such part number, so its client rejects the list.
            let listed = bench.objects.list_parts(&bench.key, &upload).await;
            let field = "Part";
            assert_eq!(listed, Err(ObjectsError::Incomprehensible { field }));
        } else {
            let refused = sent.unwrap_err();
            let status = refused.raw_response().unwrap().status().as_u16();
            assert_eq!(status, 400, "{number}");
        }
    }
    let upload = bench.begin().await;
    bench.send_part(&upload, 10_000, b"a").await;
    assert_eq!(bench.parts(&upload).await.len(), 1);
}

pub(crate) async fn a_missing_part_is_not_completed(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, &[b'a'; LEAST_PART]).await;
    let sent = completed(&bench.parts(&upload).await[0]);
    let mut missing = sent.clone();
    missing.number = number(2);
    let parts = [sent, missing];
    let refused = bench
        .objects
        .complete_multipart(&bench.key, &upload, &parts);
    let invalid_part = ObjectsError::Refused {
        status: 400,
        code: "InvalidPart".to_owned(),
        action: Some("s3:PutObject"),
    };
    assert_eq!(refused.await.unwrap_err(), invalid_part);
    expect_only_parts(bench, &upload, 1).await;
}

pub(crate) async fn a_part_with_another_checksum_is_not_completed(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, b"sealed").await;
    let sent = completed(&bench.parts(&upload).await[0]);
    let forged = [CompletedPart {
        sha256: Sha256::of(b"forged"),
        ..sent.clone()
    }];
    let joined = bench
        .objects
        .complete_multipart(&bench.key, &upload, &forged);
    let refused = joined.await.unwrap_err();
    assert!(
        matches!(refused, ObjectsError::Refused { status: 400, .. }),
        "{refused:?}"
    );
    expect_only_parts(bench, &upload, 1).await;

    let forged = [CompletedPart {
        etag: ETag("\"00000000000000000000000000000000\"".to_owned()),
        ..sent
    }];
    let joined = bench
        .objects
        .complete_multipart(&bench.key, &upload, &forged);
    if bench.has(Quirk::IgnoresETagOfCompletion) {
        joined.await.unwrap();
    } else {
        let refused = joined.await.unwrap_err();
        assert!(matches!(refused, ObjectsError::Refused { status: 400, .. }));
    }
}

pub(crate) async fn parts_that_are_too_small_are_not_completed(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, b"a").await;
    bench.send_part(&upload, 2, b"b").await;
    let parts: Vec<_> = bench.parts(&upload).await.iter().map(completed).collect();
    let joined = bench
        .objects
        .complete_multipart(&bench.key, &upload, &parts)
        .await;
    if bench.has(Quirk::JoinsSmallParts) {
        joined.unwrap();
    } else {
        let too_small = ObjectsError::Refused {
            status: 400,
            code: "EntityTooSmall".to_owned(),
            action: Some("s3:PutObject"),
        };
        assert_eq!(joined.unwrap_err(), too_small);
        expect_only_parts(bench, &upload, 2).await;
    }
}

/// Checks that nothing was joined and that all sent parts are still there.
async fn expect_only_parts(bench: &Bench, upload: &S3UploadId, count: usize) {
    assert_eq!(bench.objects.head(&bench.key, None).await.unwrap(), None);
    assert_eq!(bench.parts(upload).await.len(), count);
    let exists = bench.objects.multipart_exists(&bench.key, upload);
    assert!(exists.await.unwrap());
}

pub(crate) async fn an_aborted_upload_id_is_dead(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, b"sealed").await;
    let parts: Vec<_> = bench.parts(&upload).await.iter().map(completed).collect();
    let late = bench.sign(&upload, 1, b"sealed").await;
    for _ in 0..2 {
        let abort = bench.objects.abort_multipart(&bench.key, &upload);
        abort.await.unwrap();
    }
    expect_dead(bench, &upload).await;
    assert_eq!(bench.send(&late, b"sealed").await, 404);
    let joined = bench
        .objects
        .complete_multipart(&bench.key, &upload, &parts);
    assert_eq!(joined.await.unwrap_err(), ObjectsError::NoSuchUpload);
    assert_eq!(bench.objects.head(&bench.key, None).await.unwrap(), None);
}

pub(crate) async fn a_completed_upload_id_is_dead(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, b"sealed").await;
    let late = bench.sign(&upload, 1, b"sealed").await;
    let parts: Vec<_> = bench.parts(&upload).await.iter().map(completed).collect();
    let joined = bench
        .objects
        .complete_multipart(&bench.key, &upload, &parts);
    joined.await.unwrap();
    expect_dead(bench, &upload).await;
    assert_eq!(bench.send(&late, b"sealed").await, 404);
    let abort = bench.objects.abort_multipart(&bench.key, &upload);
    abort.await.unwrap();
    let head = bench.objects.head(&bench.key, None).await.unwrap();
    assert_eq!(head.unwrap().len, 6);
}

pub(crate) async fn an_upload_id_belongs_to_its_key(bench: &Bench) {
    let upload = bench.begin().await;
    bench.send_part(&upload, 1, b"sealed").await;
    let other = bench.key(2);
    let sha256 = Sha256::of(b"sealed");
    let put = bench
        .objects
        .presign_part(&other, &upload, number(2), &sha256, 6, now());
    assert_eq!(bench.send(&put.await.unwrap(), b"sealed").await, 404);
    let exists = bench.objects.multipart_exists(&other, &upload);
    assert!(!exists.await.unwrap());
    bench
        .objects
        .abort_multipart(&other, &upload)
        .await
        .unwrap();
    expect_only_parts(bench, &upload, 1).await;
}

async fn expect_dead(bench: &Bench, upload: &S3UploadId) {
    let exists = bench.objects.multipart_exists(&bench.key, upload);
    assert!(!exists.await.unwrap());
    let listed = bench.objects.list_parts(&bench.key, upload).await;
    assert_eq!(listed.unwrap_err(), ObjectsError::NoSuchUpload);
    assert_eq!(bench.objects.unfinished_multiparts().await.unwrap(), []);
}
