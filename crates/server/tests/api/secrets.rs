//! Keys and names are only in the answers that need them, and nothing keeps them (docs/FORMAT.md, R9).

use std::fs;

use sealift_transfer::api::{FileRecord, files, open};
use serde_json::Value;

use crate::support::{
    Answer, SealedFile, Stack,
    sealing::{new_token, request},
};

#[tokio::test]
async fn r9_the_key_is_in_the_first_answer_and_in_the_key_answer_and_nowhere_else() {
    let stack = Stack::start().await;
    let client = stack.client();
    let asked = request(&new_token(), "a", 1);
    let first = client.post(open::PATH, &asked).await;
    assert_eq!(first.header("cache-control"), "no-store");
    let key_text = first.json::<Value>(201)["content_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = SealedFile::seal(first.json(201), b"a");
    let again = client.key_again(file.id()).await;
    assert_eq!(again.header("cache-control"), "no-store");
    let key = again.body;

    let mut others = vec![
        client.post(open::PATH, &asked).await,
        client.status(file.id()).await,
        client.sign(file.id(), &file.receipts()).await,
    ];
    client.send(&file).await;
    let record = client.complete(&file).await;
    others.push(record);
    others.push(client.complete(&file).await);
    others.push(client.status(file.id()).await);
    others.push(client.get(files::PATH).await);
    others.push(client.get(&files::path(file.file_id())).await);
    // These answers hold names. The server keeps names only sealed, so no browser may cache them, either.
    for answer in &others {
        assert!(answer.header("cache-control").contains("no-store"));
    }
    others.push(client.content(file.file_id()).await);
    others.push(client.key_again(file.id()).await);
    let hex = data_encoding::HEXLOWER.encode(&key);
    for Answer { headers, body, .. } in others {
        let text = format!("{headers:?} {}", String::from_utf8_lossy(&body));
        assert!(!text.contains("content_key"), "{text}");
        assert!(!text.contains(&key_text), "{text}");
        assert!(!text.to_lowercase().contains(&hex), "{text}");
        assert!(!body.windows(32).any(|window| window == key));
    }
    // Neither the database nor the store keeps any of it.
    let mut kept = Vec::new();
    for entry in fs::read_dir(&stack.config.data_dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            kept.extend(fs::read(path).unwrap());
        }
    }
    assert!(kept.windows(13).any(|window| window == b"CREATE TABLE "));
    assert!(!kept.windows(32).any(|window| window == key));
    let text = key_text.as_bytes();
    assert!(!kept.windows(text.len()).any(|window| window == text));
}

#[tokio::test]
async fn names_and_metadata_are_sealed_at_rest() {
    let stack = Stack::start().await;
    let client = stack.client();
    let mut asked = request(&new_token(), "a name to be found", 1);
    asked["metadata"] = "metadata to be found".into();
    let file = SealedFile::seal(client.post(open::PATH, &asked).await.json(201), b"a");
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    let folder = stack.folder().to_owned();
    stack.server.shutdown().await;
    let mut found = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.extend(fs::read(path).unwrap());
            }
        }
    }
    let holds = |text: &str| found.windows(text.len()).any(|at| at == text.as_bytes());
    assert!(holds("sealift-1") && holds(file.id().as_str()));
    assert!(!holds("a name to be found"));
    assert!(!holds("metadata to be found"));
}
