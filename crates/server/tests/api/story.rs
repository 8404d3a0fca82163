//! One file from the choice to the deletion, and what may be asked twice on the way.

use std::fs;

use http::Method;
use sealift_message::Header;
use sealift_transfer::api::{
    FileList, FileRecord, OpenedUpload, Policy, ProblemCode, SignedParts, UploadState,
    UploadStatus, files, open,
};
use serde_json::{Value, json};

use crate::support::{
    Answer, FRAME, PART, SealedFile, Stack, bytes,
    sealing::{new_token, request},
};

#[tokio::test]
async fn a_file_is_sealed_sent_completed_found_opened_and_deleted() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(PART + 2 * FRAME + 17);

    let mut asked = request(&new_token(), "report.pdf", plaintext.len());
    asked["content_type"] = "application/pdf".into();
    asked["last_modified_ms"] = 1_700_000_000_000_i64.into();
    asked["metadata"] = json!({ "case": [1, "two"] });
    asked["reference"] = "case 7/24".into();
    let answer = client.post(open::PATH, &asked).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let file = SealedFile::seal(answer.json(201), &plaintext);
    assert_eq!(file.parts.len(), 2);

    let signed = client.sign(file.id(), &file.receipts()).await;
    assert_eq!(signed.header("cache-control"), "no-store");
    let signed: SignedParts = signed.json(200);
    assert_eq!(
        client
            .send_part(&signed.parts[0], file.parts[0].clone())
            .await,
        200
    );
    let status: UploadStatus = client.status(file.id()).await.json(200);
    let stored: Vec<bool> = status.parts.iter().map(|part| part.stored).collect();
    assert_eq!(stored, [true, false]);
    assert_eq!(
        client
            .send_part(&signed.parts[1], file.parts[1].clone())
            .await,
        200
    );

    let record: FileRecord = client.complete(&file).await.json(200);
    assert_eq!(record.id, *file.file_id());
    assert_eq!(record.upload_id, *file.id());
    assert_eq!(record.name, "report.pdf");
    assert_eq!(record.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(record.metadata, Some(json!({ "case": [1, "two"] })));
    assert_eq!(record.reference.as_deref(), Some("case 7/24"));
    assert_eq!(record.size, u64::try_from(plaintext.len()).unwrap());
    assert_eq!(record.sealed_size, file.opened.plan.sealed_len());
    let place = format!("sealift/local/{}/{}", record.id, record.upload_id);
    assert_eq!(record.object_key, place);
    assert_eq!(fs::read(stack.object_of(&record)).unwrap(), file.object());

    let found: FileRecord = client.get(&files::path(&record.id)).await.json(200);
    assert_eq!(found, record);
    let list: FileList = client.get(files::PATH).await.json(200);
    assert_eq!(list.files, std::slice::from_ref(&record));
    let content = client.content(&record.id).await;
    assert_eq!(content.status, 200);
    assert!(content.body == plaintext);

    let deleted = client.delete(&files::path(&record.id)).await;
    assert_eq!(deleted.status, 204);
    assert!(!stack.object_of(&record).exists());
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::NotFound);
    let path = files::path(&record.id);
    client.get(&path).await.refused(ProblemCode::NotFound);
    client.delete(&path).await.refused(ProblemCode::NotFound);
    let list: FileList = client.get(files::PATH).await.json(200);
    assert_eq!(list.files, []);
}

#[tokio::test]
async fn a_file_of_nothing_is_one_empty_frame() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("empty", b"").await;
    assert_eq!(record.size, 0);
    let content = client.content(&record.id).await;
    assert_eq!(
        (content.status, content.header("content-length")),
        (200, "0")
    );
    let path = files::content_path(&record.id);
    let range = client.get_with(&path, "range", "bytes=0-0").await;
    range.refused(ProblemCode::RangeNotSatisfiable);
}

#[tokio::test]
async fn a_repeated_client_token_gives_the_same_upload_without_its_key() {
    let stack = Stack::start().await;
    let client = stack.client();
    let asked = request("the-same-token-twice", "a", 5);
    let first: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    let answer = client.post(open::PATH, &asked).await;
    assert_eq!(answer.json::<Value>(200).get("content_key"), None);
    let again: OpenedUpload = answer.json(200);
    assert_eq!(again.upload_id, first.upload_id);
    assert_eq!(again.file_id, first.file_id);
    assert_eq!(again.header, first.header);
    assert_eq!(again.plan, first.plan);
    let uploads = "SELECT count(*) FROM uploads WHERE client_token = ?";
    assert_eq!(stack.number(uploads, "the-same-token-twice").await, 1);
}

#[tokio::test]
async fn a_client_token_with_anything_else_changed_is_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let asked = request("a-token-used-before", "a", 5);
    client.post(open::PATH, &asked).await.json::<Value>(201);
    for (field, other) in [
        ("name", json!("b")),
        ("size", json!(6)),
        ("content_type", json!("text/plain")),
        ("last_modified_ms", json!(1)),
        ("metadata", json!({})),
        ("reference", json!("r")),
    ] {
        let mut changed = asked.clone();
        changed[field] = other;
        let answer = client.post(open::PATH, &changed).await;
        answer.refused(ProblemCode::TokenReused);
    }
    client.post(open::PATH, &asked).await.json::<Value>(200);
}

#[tokio::test]
async fn completing_again_gives_the_same_record() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.send(&file).await;
    let first: FileRecord = client.complete(&file).await.json(200);
    let again: FileRecord = client.complete(&file).await.json(200);
    assert_eq!(again, first);
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Complete);
    assert!(status.parts.iter().all(|part| part.stored));
}

#[tokio::test]
async fn two_requests_to_complete_at_once_make_one_file() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 10)).await;
    client.send(&file).await;
    let (one, two) = tokio::join!(client.complete(&file), client.complete(&file));
    let mut done = 0;
    for answer in [one, two] {
        match answer.status {
            200 => done += 1,
            _ => _ = answer.refused(ProblemCode::Completing),
        }
    }
    assert!(done >= 1);
    client.complete(&file).await.json::<FileRecord>(200);
    let list: FileList = client.get(files::PATH).await.json(200);
    assert_eq!(list.files.len(), 1);
}

#[tokio::test]
async fn an_upload_taken_back_is_gone_from_the_store_and_stays_so() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.send(&file).await;
    assert_eq!(client.abort(file.id()).await.status, 204);
    assert_eq!(client.abort(file.id()).await.status, 204);
    assert_eq!(stack.files_of_store(), Vec::<std::path::PathBuf>::new());

    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Aborted);
    let refused = [
        client.sign(file.id(), &file.receipts()).await,
        client.complete(&file).await,
        client.key_again(file.id()).await,
    ];
    for answer in refused {
        answer.refused(ProblemCode::UploadNotOpen);
    }
    client
        .content(file.file_id())
        .await
        .refused(ProblemCode::NotFound);
}

#[tokio::test]
async fn a_complete_upload_is_not_taken_back() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"kept").await;
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    client
        .abort(file.id())
        .await
        .refused(ProblemCode::UploadNotOpen);
    assert_eq!(client.content(file.file_id()).await.body, b"kept");
}

#[tokio::test]
async fn the_key_is_given_again_only_while_the_upload_is_open() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let first = file
        .opened
        .content_key
        .as_ref()
        .unwrap()
        .to_bytes()
        .unwrap();
    let again = client.key_again(file.id()).await;
    assert_eq!(
        (again.status, again.body.as_slice()),
        (200, first.as_slice())
    );
    assert_eq!(again.header("cache-control"), "no-store");
    assert_eq!(again.header("content-type"), "application/octet-stream");

    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    let late = client.key_again(file.id()).await;
    late.refused(ProblemCode::UploadNotOpen);
}

#[tokio::test]
async fn files_are_listed_page_by_page_also_those_of_one_moment() {
    let moment = crate::support::now_ms();
    let clock = sealift_server::Clock::from_fn(move || moment);
    let stack = Stack::at(clock, &[]).await;
    let client = stack.client();
    let mut uploaded = Vec::new();
    for name in ["1", "2", "3", "4", "5"] {
        uploaded.push(client.upload(name, b"").await.id);
    }
    let mut listed = Vec::new();
    let mut path = format!("{}?limit=2", files::PATH);
    let mut pages = 0;
    loop {
        let page: FileList = client.get(&path).await.json(200);
        listed.extend(page.files.into_iter().map(|file| file.id));
        pages += 1;
        let Some(cursor) = page.next_cursor else {
            break;
        };
        path = format!("{}?limit=2&cursor={cursor}", files::PATH);
    }
    assert_eq!(pages, 3);
    listed.sort();
    uploaded.sort();
    assert_eq!(listed, uploaded);
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "cursor=1-x",
        "page=2",
    ] {
        let answer = client.get(&format!("{}?{bad}", files::PATH)).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
}

#[tokio::test]
async fn the_newest_file_comes_first() {
    let stack = Stack::start().await;
    let client = stack.client();
    let old = client.upload("old", b"").await;
    while crate::support::now_ms() <= old.uploaded_at_ms {
        tokio::task::yield_now().await;
    }
    let new = client.upload("new", b"").await;
    let list: FileList = client.get(files::PATH).await.json(200);
    let names: Vec<_> = list.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["new", "old"]);
    assert!(new.uploaded_at_ms > old.uploaded_at_ms);
}

#[tokio::test]
async fn the_header_is_an_official_one_with_the_context_of_the_record() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a secret name", b"a").await;
    let object = fs::read(stack.object_of(&record)).unwrap();
    assert_eq!(object[..3], [0x02, 0x04, 0x78]);
    let header_len = usize::try_from(record.sealed_size).unwrap() - 1 - 40;
    let header = Header::parse_own(&object[..header_len]).unwrap();
    let context: Vec<_> = header.encryption_context().iter().collect();
    let recorded = record.encryption_context.iter();
    let recorded: Vec<_> = recorded.map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(context, recorded);
    let [key] = header.encrypted_data_keys() else {
        panic!("one data key");
    };
    assert_eq!(key.ciphertext(), record.encrypted_data_key);
}

#[tokio::test]
async fn policy_and_health_need_no_login() {
    let stack = Stack::with(&[("auth", "api-keys"), ("limit_file", "1000")]).await;
    let client = stack.client();
    let policy: Policy = client.get("/v1/policy").await.json(200);
    assert_eq!((policy.most_bytes, policy.login), (1000, true));
    for path in ["/healthz", "/readyz"] {
        let answer = Answer::to(client.request(Method::GET, path)).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok\n"[..]));
    }
}
