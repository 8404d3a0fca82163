//! The list of the uploads that can be resumed.

use sealift_server::{
    Clock, UnixMillis,
    records::{Role, Roles},
};
use sealift_transfer::api::{
    FileRecord, OpenedUpload, ProblemCode, SignedParts, UploadList, UploadState, open,
};

use crate::support::{
    Client, DAY_MS, PART, Stack, now_ms,
    sealing::{new_token, request},
};

async fn list(client: &Client, query: &str) -> UploadList {
    client
        .get(&format!("{}{query}", open::PATH))
        .await
        .json(200)
}

/// Returns the names in the order of the list.
async fn names(client: &Client) -> Vec<String> {
    let list = list(client, "").await;
    list.uploads.into_iter().map(|upload| upload.name).collect()
}

#[tokio::test]
async fn an_unfinished_upload_is_listed_as_it_was_opened() {
    let stack = Stack::start().await;
    let client = stack.client();
    assert_eq!(list(&client, "").await.uploads, []);
    let mut asked = request(&new_token(), "r\u{e9}sum\u{e9}.pdf", PART + 1);
    asked["last_modified_ms"] = 1_700_000_000_123_i64.into();
    asked["content_type"] = "application/pdf".into();
    asked["metadata"] = serde_json::json!({"pages": 3});
    asked["reference"] = "case-17".into();
    let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    let receipt = serde_json::json!([{
        "number": 2,
        "sha256": sealift_transfer::api::Sha256::of(b"any"),
    }]);
    let path = sealift_transfer::api::sign::path(&opened.upload_id);
    let signed: SignedParts = client.post(&path, &receipt).await.json(200);

    let found = list(&client, "").await;
    let [upload] = found.uploads.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(upload.upload_id, opened.upload_id);
    assert_eq!(upload.file_id, opened.file_id);
    assert_eq!(upload.state, UploadState::Open);
    assert_eq!(upload.name, "r\u{e9}sum\u{e9}.pdf");
    assert_eq!(upload.size, opened.plan.plaintext_len());
    assert_eq!(upload.last_modified_ms, Some(1_700_000_000_123));
    assert_eq!(upload.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(upload.metadata, Some(serde_json::json!({"pages": 3})));
    assert_eq!(upload.reference.as_deref(), Some("case-17"));
    assert_eq!(upload.expires_at_ms, signed.expires_at_ms);
    assert!(upload.opened_at_ms <= signed.expires_at_ms - 7 * DAY_MS);
    assert_eq!((upload.signed_parts, upload.part_count.get()), (1, 2));
    assert_eq!(found.next_cursor, None);
}

#[tokio::test]
async fn what_is_complete_or_aborted_is_not_listed() {
    let stack = Stack::start().await;
    let client = stack.client();
    let complete = client.open("complete", b"a").await;
    client.send(&complete).await;
    client.complete(&complete).await.json::<FileRecord>(200);
    let aborted = client.open("aborted", b"a").await;
    client.abort(aborted.id()).await;
    client.open("open", b"a").await;
    assert_eq!(names(&client).await, ["open"]);
}

#[tokio::test]
async fn the_list_comes_page_by_page_newest_first_and_none_twice() {
    let clock = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(now_ms()));
    let shown = clock.clone();
    let shown = Clock::from_fn(move || {
        UnixMillis::from_ms(shown.load(std::sync::atomic::Ordering::Relaxed))
    });
    let stack = Stack::at(shown, &[]).await;
    let client = stack.client();
    for name in ["1", "2", "3", "4", "5"] {
        client.open(name, b"a").await;
        // Two of the uploads are opened in the same millisecond.
        let step = i64::from(name != "2");
        clock.fetch_add(step, std::sync::atomic::Ordering::Relaxed);
    }
    let mut pages = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = list(&client, &query).await;
        let names: Vec<_> = page.uploads.into_iter().map(|upload| upload.name).collect();
        pages.push(names);
        match page.next_cursor {
            Some(cursor) => query = format!("?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 2, 1]);
    let mut names = pages.concat();
    assert_eq!(names[..2], ["5", "4"]);
    names.sort();
    assert_eq!(names, ["1", "2", "3", "4", "5"]);

    for bad in [
        "?limit=0",
        "?limit=201",
        "?limit=x",
        "?cursor=x",
        "?cursor=1-x",
        "?other=1",
    ] {
        let refused = client.get(&format!("{}{bad}", open::PATH)).await;
        refused.refused(ProblemCode::InvalidRequest);
    }
}

#[tokio::test]
async fn nobody_lists_anothers_uploads_or_without_the_right_to_upload() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let ann = stack.login("acme", "ann", Roles::ALL).await;
    let bob = stack.login("acme", "bob", Roles::ALL).await;
    let eve = stack.login("evil", "ann", Roles::ALL).await;
    ann.open("hers", b"a").await;
    assert_eq!(names(&ann).await, ["hers"]);
    for other in [&bob, &eve] {
        assert_eq!(names(other).await, Vec::<String>::new());
    }
    let reads = Roles::of(&[Role::Download]);
    let reader = stack.login("acme", "ann", reads).await;
    reader.get(open::PATH).await.refused(ProblemCode::Forbidden);
    let nobody = stack.client();
    let refused = nobody.get(open::PATH).await;
    refused.refused(ProblemCode::Unauthenticated);
}
