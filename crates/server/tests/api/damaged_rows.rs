//! A row whose sealed fields do not open is shown as damaged. Lists and searches still work, and the file
//! can still be downloaded and deleted.

use http::header;
use sealift_transfer::api::{
    FileList, FileRecord, OpenedUpload, SharedFile, UnreadableField, UploadList, UploadStatus,
    Verification, files, open, read, tickets,
};
use serde_json::Value;

use crate::support::{
    Client, SealedFile, Stack,
    sealing::{new_token, request},
    ticket_holder::TicketHolder,
};

/// Changes after which a sealed field does not open: altered bytes; a KEK that does not exist; the value
/// of another row; a value too short to be sealed; an empty value.
const DAMAGES: [&str; 5] = [
    "UPDATE files SET original_filename = CAST(substr(original_filename, 1, length(original_filename) - 8)
         || x'0001020304050607' AS BLOB) WHERE file_id = ?2 AND ?1 = x''",
    "UPDATE files SET original_filename = CAST(x'00000063' || substr(original_filename, 5) AS BLOB)
         WHERE file_id = ?2 AND ?1 = x''",
    "UPDATE files SET original_filename = (SELECT original_filename FROM files AS others
         WHERE others.file_id <> ?2 AND others.state = 'available' LIMIT 1) WHERE file_id = ?2 AND ?1 = x''",
    "UPDATE files SET original_filename = x'0000' WHERE file_id = ?2 AND ?1 = x''",
    "UPDATE files SET original_filename = x'' WHERE file_id = ?2 AND ?1 = x''",
];

async fn names(client: &Client, query: &str) -> Vec<String> {
    let path = format!("{}{query}", files::PATH);
    let list: FileList = client.get(&path).await.json(200);
    let mut names: Vec<_> = list.files.into_iter().map(|file| file.name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_name_that_does_not_open_fails_no_list_and_no_search() {
    let stack = Stack::start().await;
    let client = stack.client();
    client.upload("a whole one", b"1").await;
    client.upload("another", b"2").await;
    for damage in DAMAGES {
        let file = client.upload("the damaged one", b"the content").await;
        let made = client.make_ticket(&file.id).await;
        let changed = stack.change(damage, Vec::new(), file.id.as_str()).await;
        assert_eq!(changed.unwrap(), 1, "{damage}");

        assert_eq!(names(&client, "").await, ["", "a whole one", "another"]);
        // The damaged file may be the one that the search is for.
        assert_eq!(names(&client, "?search=whole").await, ["", "a whole one"]);
        let path = files::path(&file.id);
        let record: FileRecord = client.get(&path).await.json(200);
        assert_eq!(record.unreadable, [UnreadableField::Name], "{damage}");
        assert_eq!((record.name.as_str(), record.size), ("", 11));
        let verify = client.post(&files::verify_path(&file.id), &()).await;
        assert_eq!(verify.json::<FileRecord>(202).unreadable.len(), 1);

        // The file can still be downloaded; its id serves as the name.
        let content = client.content(&file.id).await;
        assert_eq!(
            (content.status, &content.body[..]),
            (200, &b"the content"[..])
        );
        let named = format!("filename=\"{}\"", file.id);
        let disposition = content.header(header::CONTENT_DISPOSITION);
        assert!(disposition.contains(&named), "{disposition}");
        let opening = client.post(&read::path(&file.id), &()).await;
        assert_eq!(opening.json::<Value>(200)["name"], "");
        let holder = TicketHolder::of(&stack, &made).await;
        let shared = holder.get(&tickets::shared_path(&file.id)).await;
        assert_eq!(
            shared.json::<SharedFile>(200).unreadable,
            [UnreadableField::Name]
        );

        assert_eq!(client.delete(&path).await.status, 204, "{damage}");
        assert_eq!(names(&client, "").await, ["a whole one", "another"]);
    }
}

#[tokio::test]
async fn nor_does_any_other_field_that_does_not_open() {
    let stack = Stack::start().await;
    let client = stack.client();
    for (damage, field) in [
        (
            "UPDATE files SET metadata = CAST(substr(metadata, 1, 20) AS BLOB)
                 WHERE file_id = ?2 AND ?1 = x''",
            UnreadableField::Metadata,
        ),
        (
            "UPDATE files SET sealed_sha256 = zeroblob(64) WHERE file_id = ?2 AND ?1 = x''",
            UnreadableField::Verification,
        ),
        (
            "UPDATE files SET sealed_sha256 = NULL WHERE file_id = ?2 AND ?1 = x''",
            UnreadableField::Verification,
        ),
        (
            "UPDATE files SET header = zeroblob(length(header)) WHERE file_id = ?2 AND ?1 = x''",
            UnreadableField::EncryptionContext,
        ),
    ] {
        let mut asked = request(&new_token(), "a name", 1);
        asked["metadata"] = "metadata".into();
        let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        let sealed = SealedFile::seal(opened, b"a");
        client.send(&sealed).await;
        let file: FileRecord = client.complete(&sealed).await.json(200);
        stack.verified(&file).await;
        let changed = stack.change(damage, Vec::new(), file.id.as_str()).await;
        assert_eq!(changed.unwrap(), 1, "{damage}");

        // The record appears in the list, by itself, and in the answers to a repeated completion and a
        // repeated opening.
        let list: FileList = client.get(files::PATH).await.json(200);
        let again: OpenedUpload = client.post(open::PATH, &asked).await.json(200);
        let status: UploadStatus = client.status(&file.upload_id).await.json(200);
        for record in [
            list.files[0].clone(),
            client.get(&files::path(&file.id)).await.json(200),
            client.complete(&sealed).await.json(200),
            *again.file.unwrap(),
            *status.file.unwrap(),
        ] {
            assert_eq!(record.unreadable, [field], "{damage}");
            assert_eq!(record.name, "a name");
            let is_unknown = record.verification == Verification::Unknown;
            assert_eq!(is_unknown, field == UnreadableField::Verification);
        }
        if field == UnreadableField::Verification {
            // Another verification repairs the field.
            stack.verified(&file).await;
            let mended: FileRecord = client.get(&files::path(&file.id)).await.json(200);
            assert_eq!(mended.unreadable, []);
            assert!(matches!(mended.verification, Verification::Verified { .. }));
        }
        assert_eq!(client.delete(&files::path(&file.id)).await.status, 204);
    }
}

#[tokio::test]
async fn nor_does_an_unfinished_upload_whose_name_or_metadata_does_not_open() {
    let stack = Stack::start().await;
    let client = stack.client();
    client.open("a whole one", b"1").await;
    let mut asked = request(&new_token(), "the damaged one", 1);
    asked["metadata"] = "metadata".into();
    let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    let damage = "UPDATE uploads SET original_filename = zeroblob(40), metadata = ?
                  WHERE upload_id = ?";
    let changed = stack.change(damage, vec![0; 40], opened.upload_id.as_str());
    assert_eq!(changed.await.unwrap(), 1);

    let list: UploadList = client.get(open::PATH).await.json(200);
    let damaged = &list.uploads[0];
    let expected = [UnreadableField::Name, UnreadableField::Metadata];
    assert_eq!((damaged.name.as_str(), &damaged.metadata), ("", &None));
    assert_eq!(damaged.unreadable, expected);
    assert_eq!(list.uploads[1].name, "a whole one");
    assert_eq!(list.uploads[1].unreadable, []);
    let status: UploadStatus = client.status(&opened.upload_id).await.json(200);
    assert_eq!(status.unreadable, [UnreadableField::Name]);
    // The server still recognizes the request by its fingerprint, and the upload can be completed.
    let again = client.post(open::PATH, &asked).await;
    assert_eq!(again.json::<OpenedUpload>(200).upload_id, opened.upload_id);
    let file = SealedFile::seal(opened, b"2");
    client.send(&file).await;
    let record: FileRecord = client.complete(&file).await.json(200);
    assert_eq!(record.unreadable, expected);
}
