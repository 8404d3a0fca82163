//! The life of one file from the choice to the deletion, and the lists that name it.

use std::fs;

use http::Method;
use sealift_message::Header;
use sealift_transfer::api::{
    FileList, FileRecord, Policy, ProblemCode, SignedParts, UploadStatus, files, open,
};
use serde_json::json;

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
    let object_key = format!("sealift/local/{}/{}", record.id, record.upload_id);
    assert_eq!(record.object_key, object_key);
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
async fn files_are_listed_page_by_page_also_those_of_one_moment() {
    let moment = crate::support::now_ms();
    let clock = sealift_server::Clock::from_fn(move || sealift_server::UnixMillis::from_ms(moment));
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
