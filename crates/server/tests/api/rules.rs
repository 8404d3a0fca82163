//! Tests of docs/FORMAT.md's security rules R1 to R5. The tests of R6 are in `reading`, those of R7 in
//! `completion`, of R9 in `secrets`, and of R10 in `signing` and `parts`.

use std::fs;

use sealift_message::{ContentKey, Header, StoredHeader, seal_record};
use sealift_transfer::api::{FileRecord, OpenedUpload, ProblemCode, UploadStatus, open};

use crate::support::{FRAME, PART, SealedFile, Stack, bytes, sealing::request};

#[tokio::test]
async fn r1_a_header_is_kept_before_it_leaves_and_never_made_again() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(PART + 5);
    let asked = request("the-store-is-away", "a", plaintext.len());
    let folder = stack.config.store_folder();
    let away = folder.with_file_name("away");
    fs::rename(&folder, &away).unwrap();
    let answer = client.post(open::PATH, &asked).await;
    answer.refused(ProblemCode::StoreUnavailable);
    fs::rename(&away, &folder).unwrap();
    let query = "SELECT header FROM uploads WHERE client_token = ?";
    let kept = stack.blob(query, "the-store-is-away").await;

    let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
    assert_eq!(opened.header, kept);
    // The same holds after a restart, because the header comes from the row and not from memory.
    let stack = stack.restart().await;
    let client = stack.client();
    let again: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
    assert_eq!(again.header, kept);
    let status: UploadStatus = client.status(&opened.upload_id).await.json(200);
    assert_eq!(status.header, kept);

    // A client that lost the answer goes on with the key that it gets again.
    let key = client.key_again(&opened.upload_id).await.body;
    let key = open::ContentKeyText::from_bytes(key.as_slice().try_into().unwrap());
    let file = SealedFile::seal(
        OpenedUpload {
            content_key: Some(key),
            ..opened
        },
        &plaintext,
    );
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    assert!(client.content(file.file_id()).await.body == plaintext);
}

#[tokio::test]
async fn r2_a_message_id_is_used_once() {
    let stack = Stack::start().await;
    let client = stack.client();
    let one = client.open("a", b"").await;
    let two = client.open("b", b"").await;
    let message_id = "SELECT message_id FROM uploads WHERE upload_id = ?";
    let message_id = stack.blob(message_id, one.id().as_str()).await;
    let change = "UPDATE uploads SET message_id = ? WHERE upload_id = ?";
    let refused = stack.change(change, message_id, two.id().as_str()).await;
    assert!(refused.unwrap_err().to_string().contains("UNIQUE"));
}

#[tokio::test]
async fn r2_a_row_of_the_part_is_kept_before_its_signature_leaves() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    let rows = "SELECT count(*) FROM parts WHERE upload_id = ?";
    assert_eq!(stack.number(rows, file.id().as_str()).await, 0);
    client.sign_all(&file).await;
    let sha256 = "SELECT sha256 FROM parts WHERE upload_id = ?";
    let sha256 = stack.blob(sha256, file.id().as_str()).await;
    assert_eq!(sha256, file.receipts()[0].sha256.as_bytes());
    let sealed_len = "SELECT sealed_len FROM parts WHERE upload_id = ?";
    let sealed_len = stack.number(sealed_len, file.id().as_str()).await;
    assert_eq!(
        u64::try_from(sealed_len).unwrap(),
        file.opened.plan.sealed_len()
    );
}

#[tokio::test]
async fn r2_after_a_restore_no_older_upload_gets_a_signature_or_its_key() {
    let stack = Stack::start().await;
    let client = stack.client();
    let old = client.open("a", b"a").await;
    client.send(&old).await;
    let restored = "UPDATE deployment SET epoch = epoch + length(?) WHERE 'any' = ?";
    stack.change(restored, vec![0], "any").await.unwrap();
    for answer in [
        client.sign(old.id(), &old.receipts()).await,
        client.key_again(old.id()).await,
        client.complete(&old).await,
    ] {
        answer.refused(ProblemCode::UploadExpired);
    }
    client.upload("new", b"a").await;
}

#[tokio::test]
async fn r3_the_record_holds_all_that_reading_needs() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(2 * FRAME + 1)).await;
    client.send(&file).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    let id = record.id.as_str();
    let plan = &file.opened.plan;
    let numbers = [
        (
            "SELECT plaintext_len FROM files WHERE file_id = ?",
            plan.plaintext_len(),
        ),
        ("SELECT frame_length FROM files WHERE file_id = ?", 4096),
        (
            "SELECT header_len FROM files WHERE file_id = ?",
            plan.layout().header_len(),
        ),
        ("SELECT frame_count FROM files WHERE file_id = ?", 3),
        (
            "SELECT frames_per_part FROM files WHERE file_id = ?",
            plan.frames_per_part(),
        ),
        (
            "SELECT sealed_len FROM files WHERE file_id = ?",
            plan.sealed_len(),
        ),
    ];
    for (query, expected) in numbers {
        assert_eq!(
            u64::try_from(stack.number(query, id).await).unwrap(),
            expected,
            "{query}"
        );
    }
    let texts = [
        (
            "SELECT upload_id FROM files WHERE file_id = ?",
            file.id().as_str(),
        ),
        (
            "SELECT s3_etag FROM files WHERE file_id = ?",
            record.etag.as_str(),
        ),
        (
            "SELECT s3_key FROM files WHERE file_id = ?",
            record.object_key.as_str(),
        ),
    ];
    for (query, expected) in texts {
        assert_eq!(stack.text(query, id).await, expected, "{query}");
    }
    let header = stack
        .blob("SELECT header FROM files WHERE file_id = ?", id)
        .await;
    assert_eq!(header, file.opened.header);
}

#[tokio::test]
async fn r4_the_context_is_ids_of_the_server_and_nothing_of_the_client() {
    let stack = Stack::start().await;
    let client = stack.client();
    let mut asked = request("words-of-the-client", "words-name", 1);
    asked["reference"] = "words-reference".into();
    asked["metadata"] = "words-metadata".into();
    asked["content_type"] = "words/type".into();
    let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    let header = Header::parse_own(&opened.header).unwrap();
    let context: Vec<_> = header.encryption_context().iter().collect();
    assert_eq!(
        context,
        [
            ("format", "sealift-1"),
            ("object-id", opened.file_id.as_str()),
            ("tenant", "local"),
            ("upload-id", opened.upload_id.as_str()),
        ]
    );
    let header = String::from_utf8_lossy(&opened.header);
    assert!(!header.contains("words"), "{header}");
}

#[tokio::test]
async fn r5_a_header_of_another_upload_opens_nothing_even_from_the_record() {
    let stack = Stack::start().await;
    let client = stack.client();
    let one = client.upload("a", b"one").await;
    let two = client.upload("b", b"two").await;
    // The first file gets everything of the second one except the ids.
    fs::copy(stack.object_of(&two), stack.object_of(&one)).unwrap();
    fs::copy(stack.metadata_of(&two), stack.metadata_of(&one)).unwrap();
    let other = "SELECT header FROM files WHERE file_id = ?";
    let other = stack.blob(other, two.id.as_str()).await;
    let change = "UPDATE files SET header = ? WHERE file_id = ?";
    stack.change(change, other, one.id.as_str()).await.unwrap();
    let change = "UPDATE files SET s3_etag = CAST(? AS TEXT) WHERE file_id = ?";
    let etag = two.etag.into_bytes();
    stack.change(change, etag, one.id.as_str()).await.unwrap();
    client
        .content(&one.id)
        .await
        .refused(ProblemCode::ObjectDamaged);
    assert_eq!(client.content(&two.id).await.body, b"two");
}

#[tokio::test]
async fn r5_a_header_with_another_commitment_gives_no_key_even_with_a_right_tag() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    // An uploader has the content key and so can forge such a header. HEADER_IV is twelve zeros.
    let content_key = file.opened.content_key.as_ref().unwrap();
    let content_key = content_key.to_bytes().unwrap();
    let (before_tag, _) = file.opened.header.split_last_chunk::<16>().unwrap();
    let mut header = before_tag.to_vec();
    let commitment = header.len() - 32;
    header[commitment] ^= 1;
    let tag = seal_record(&content_key, &[0; 12], &header, b"").unwrap();
    header.extend_from_slice(&tag);
    assert!(
        StoredHeader::new(&header)
            .unwrap()
            .verify(&ContentKey::from_bytes(&content_key))
            .is_ok()
    );

    let change = "UPDATE uploads SET header = ? WHERE upload_id = ?";
    let changed = stack.change(change, header, file.id().as_str());
    assert_eq!(changed.await.unwrap(), 1);
    let answer = client.key_again(file.id()).await;
    answer.refused(ProblemCode::ObjectDamaged);
}
