//! Uploads that are aborted, or opened again, while the store begins their multipart upload.

use sealift_server::{SweepKind, objects::ObjectKey};
use sealift_transfer::api::{FileRecord, OpenedUpload, ProblemCode, UploadState, open};

use crate::{
    gate::{Call, Side},
    pair::{Pair, two_parts},
    support::{DAY_MS, sealing::request},
};

#[tokio::test]
async fn an_upload_that_is_aborted_while_it_is_opened_leaves_nothing() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let mut beginning = pair.both.gate.hold(Call::CreateMultipart, Side::Answer);
    let asked = request("aborted-while-opened", "a", two_parts().len());
    let (opened, upload) = tokio::join!(one.post(open::PATH, &asked), async {
        beginning.arrived().await;
        let upload = pair.both.upload_in(UploadState::Opening).await;
        assert_eq!(two.abort(&upload).await.status, 204);
        beginning.release();
        upload
    });
    opened.refused(ProblemCode::UploadNotOpen);
    assert_eq!(pair.both.state(&upload).await, UploadState::Aborted);
    pair.both.expect_nothing_stored(&upload).await;
}

#[tokio::test]
async fn two_that_open_the_same_get_one_upload_and_the_store_keeps_one() {
    let pair = Pair::start().await;
    let [one, two] = [&pair.one, &pair.two].map(|server| server.client());
    let mut beginning = pair.both.gate.hold(Call::CreateMultipart, Side::Answer);
    let asked = request("opened-twice-at-once", "a", two_parts().len());
    let (first, second) = tokio::join!(one.post(open::PATH, &asked), async {
        beginning.arrived().await;
        let second = two.post(open::PATH, &asked).await;
        beginning.release();
        second
    });
    let (first, second): (OpenedUpload, OpenedUpload) = (first.json(201), second.json(200));
    assert_eq!(first.upload_id, second.upload_id);
    let objects = pair.both.objects().await;
    assert_eq!(objects.unfinished_multiparts().await.unwrap().len(), 1);
    assert_eq!(pair.both.state(&first.upload_id).await, UploadState::Open);
}

#[tokio::test]
async fn an_upload_that_expires_while_it_is_opened_leaves_nothing() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let mut beginning = pair.both.gate.hold(Call::CreateMultipart, Side::Answer);
    let asked = request("expired-while-opened", "a", two_parts().len());
    pair.two.later_by(8 * DAY_MS);
    let (opened, upload) = tokio::join!(one.post(open::PATH, &asked), async {
        beginning.arrived().await;
        let upload = pair.both.upload_in(UploadState::Opening).await;
        pair.two.sweep().await;
        assert_eq!(pair.both.state(&upload).await, UploadState::Aborted);
        beginning.release();
        upload
    });
    opened.refused(ProblemCode::UploadNotOpen);
    pair.both.expect_nothing_stored(&upload).await;
}

#[tokio::test]
async fn a_sweeper_leaves_an_upload_alone_that_is_just_being_opened() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let plaintext = two_parts();
    let mut beginning = pair.both.gate.hold(Call::CreateMultipart, Side::Answer);
    let (file, report) = tokio::join!(one.open("a", &plaintext), async {
        beginning.arrived().await;
        let report = pair.two.sweep().await;
        beginning.release();
        report
    });
    assert!(report.is_empty(), "{report}");
    one.send(&file).await;
    one.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_multipart_upload_whose_name_was_lost_is_swept_as_soon_as_its_upload_needs_none() {
    let pair = Pair::start().await;
    let one = pair.one.client();
    let file = one.open("a", &two_parts()).await;
    // The second multipart upload is left as by a crash between the store's answer and the record, after
    // which the client repeated its request.
    let object_key = "SELECT s3_key FROM uploads WHERE upload_id = ?";
    let object_key = pair.both.text(object_key, file.id().as_str()).await;
    let objects = pair.both.objects().await;
    let object_key = ObjectKey::from_record(object_key);
    objects.create_multipart(&object_key).await.unwrap();
    assert_eq!(objects.unfinished_multiparts().await.unwrap().len(), 2);
    let report = pair.two.sweep().await;
    let late = report.of(SweepKind::LateMultipart);
    assert_eq!((late.found, late.done, late.failed), (1, 1, 0));
    // The upload's own multipart upload is still there.
    one.send(&file).await;
    one.complete(&file).await.json::<FileRecord>(200);
}
