//! The verification of one file while other files wait for theirs.

use sealift_transfer::{
    PartPlan,
    api::{FileRecord, ProblemCode, Verification, files},
};

use crate::{
    gate::{Call, Side},
    pair::{Deployment, until},
    support::{Client, FRAME, PART, bytes},
};

/// The length of a file that does not count as small.
const LARGE: u64 = 1024 * 1024 * 1024 + 1;

/// Changes the record of the only file to this length.
async fn enlarge(both: &Deployment) {
    let header_len = both.text(
        "SELECT CAST(length(header) AS TEXT) FROM files WHERE file_id <> ?",
        "",
    );
    let header_len = header_len.await.parse().unwrap();
    let (frame, frames_per_part) = (u32::try_from(FRAME).unwrap(), PART / FRAME);
    let frames_per_part = u64::try_from(frames_per_part).unwrap();
    let plan = PartPlan::new(header_len, frame, LARGE, frames_per_part).unwrap();
    let layout = plan.layout();
    let (frame_count, sealed_len) = (layout.frame_count(), layout.sealed_len());
    both.change_by(
        "UPDATE files SET plaintext_len = ?, frame_count = ?, sealed_len = ?",
        [LARGE, frame_count, sealed_len],
    )
    .await;
}

async fn found(client: &Client, file: &FileRecord) -> Verification {
    let record: FileRecord = client.get(&files::path(&file.id)).await.json(200);
    record.verification
}

#[tokio::test]
async fn a_small_file_is_verified_while_the_pass_over_a_large_one_takes_long() {
    let both = Deployment::new().await;
    let server = both.serve(true).await;
    let client = server.client();
    let large = client.upload("large", b"large").await;
    enlarge(&both).await;
    let small = client.upload("small", &bytes(2 * FRAME)).await;
    let want = async |file: &FileRecord| {
        let path = files::verify_path(&file.id);
        client.post(&path, &()).await.json::<FileRecord>(202);
    };
    let mut reading = both.gate.hold(Call::Get, Side::Request);
    want(&large).await;
    reading.arrived().await;
    want(&small).await;
    until(async || matches!(found(&client, &small).await, Verification::Verified { .. })).await;
    assert_eq!(found(&client, &large).await, Verification::Pending);
    reading.release();
    // The object is not as large as its record says.
    until(async || found(&client, &large).await != Verification::Pending).await;
    let failure = found(&client, &large).await.failure();
    assert_eq!(failure, Some(ProblemCode::ObjectReplaced));
}

#[tokio::test]
async fn a_store_that_does_not_give_the_object_now_says_nothing_of_it() {
    let both = Deployment::new().await;
    let server = both.serve(true).await;
    let client = server.client();
    let file = client.upload("a", b"a").await;
    let mut reading = both.gate.hold(Call::Get, Side::Request);
    let path = files::verify_path(&file.id);
    client.post(&path, &()).await.json::<FileRecord>(202);
    reading.arrived().await;
    reading.refuse();
    // The file was leased for two minutes, and is not verified again for five.
    let rests = "SELECT CAST(count(*) AS TEXT) FROM files WHERE file_id = ? AND \
                 coalesce(verification_due_at_ms > (unixepoch() + 180) * 1000, TRUE)";
    until(async || both.text(rests, file.id.as_str()).await == "1").await;
    assert_eq!(found(&client, &file).await, Verification::Pending);
}
