//! Batches of openings, signatures and completions: each item is answered as its single route would
//! answer it.

use http::header;
use sealift_server::records::Roles;
use sealift_transfer::api::{
    BatchResult, BatchResults, FileRecord, OpenedUpload, Problem, ProblemCode, Sha256, SignedParts,
    UploadId, batch, complete, open, sign,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, PART, SealedFile, Stack, bytes,
    sealing::{new_token, request},
};

async fn send<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    items: &[Value],
) -> Vec<BatchResult<T>> {
    let answer = client.post(path, &json!({ "uploads": items })).await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let BatchResults { results } = answer.json(200);
    assert_eq!(results.len(), items.len());
    results
}

/// Expects the item's answer to be that of its single route, the ids of the requests aside.
#[track_caller]
fn expect_same(item: BatchResult<Value>, single: &Answer) {
    let retry_after = item.retry_after_s.map(|s| s.to_string());
    assert_eq!(
        (item.status, retry_after.as_deref().unwrap_or("")),
        (single.status, single.header(header::RETRY_AFTER)),
        "{}",
        single.text()
    );
    let problem = item.problem.map(|mut problem| {
        assert_eq!(problem.request_id.take().map(|id| id.len()), Some(26));
        *problem
    });
    if single.status < 300 {
        assert_eq!(item.answer, Some(single.json(single.status)));
        assert_eq!(problem, None);
    } else {
        let mut expected: Problem = single.json(single.status);
        expected.request_id = None;
        assert_eq!((item.answer, problem), (None, Some(expected)));
    }
}

type PathOf = fn(&UploadId) -> String;

fn to_sign(file: &SealedFile) -> Value {
    json!({ "upload_id": file.id(), "parts": file.receipts() })
}

fn to_complete(file: &SealedFile) -> Value {
    json!({ "upload_id": file.id(), "parts_sha256": file.parts_sha256() })
}

/// Returns the item without its id: the body of the single route.
fn body(item: &Value) -> Value {
    match item.get("parts") {
        Some(parts) => parts.clone(),
        None => json!({ "parts_sha256": item["parts_sha256"] }),
    }
}

#[tokio::test]
async fn an_item_that_is_refused_is_answered_as_by_its_single_route_and_others_are_not_touched() {
    let stack = Stack::with(&[("auth", "api-keys"), ("limit_file", "6MiB")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let strangers = stack.login("acme", "bob", Roles::ALL).await;
    let strangers = strangers.open("of bob", b"of bob").await;

    let good = [
        request(&new_token(), "one part", 5),
        request(&new_token(), "two parts", PART + 5),
    ];
    let mut unknown = request(&new_token(), "a", 1);
    unknown["object_key"] = "elsewhere".into();
    let items = [
        good[0].clone(),
        request(&new_token(), "a\nb", 1),
        unknown,
        request("short", "a", 1),
        request(&new_token(), "a", 7 << 20),
        json!(null),
        good[1].clone(),
    ];
    let mut opened = send::<Value>(&client, batch::OPEN_PATH, &items).await;
    let two = opened.pop().unwrap();
    let one = opened.remove(0);
    for (item, result) in items[1..].iter().zip(opened) {
        expect_same(result, &client.post(open::PATH, item).await);
    }
    let [one, two] = [(one, 5), (two, PART + 5)].map(|(result, len)| {
        assert_eq!(result.status, 201);
        let opened = serde_json::from_value(result.answer.unwrap()).unwrap();
        SealedFile::seal(opened, &bytes(len))
    });
    let again = send(&client, batch::OPEN_PATH, &good).await;
    for (item, result) in good.iter().zip(again) {
        expect_same(result, &client.post(open::PATH, item).await);
    }

    let never = UploadId::from_random([7; 16]);
    let [signed, done] = [to_sign(&one), to_complete(&two)];
    let named = |item: &Value, id: &str| {
        let mut item = item.clone();
        item["upload_id"] = id.into();
        item
    };
    let with = |item: &Value, field: &str, value: Value| {
        let mut item = item.clone();
        item[field] = value;
        item
    };
    let other = json!([{ "number": 1, "sha256": Sha256::of(b"other") }]);
    client.sign_all(&one).await;
    let denials = "SELECT count(*) FROM audit WHERE action = 'denied' AND outcome = 'not_found'
                   AND owner = ?";
    let tables: [(&str, PathOf, Vec<Value>); 2] = [
        (
            batch::SIGN_PATH,
            sign::path,
            vec![
                with(&signed, "parts", other),
                with(&signed, "parts", json!([])),
                with(&to_sign(&two), "parts", json!([receipt(3)])),
            ],
        ),
        (
            batch::COMPLETE_PATH,
            complete::path,
            vec![
                done.clone(),
                with(
                    &to_complete(&one),
                    "parts_sha256",
                    json!(Sha256::of(b"other")),
                ),
            ],
        ),
    ];
    for ((path, single, mut items), known) in tables.into_iter().zip([&signed, &done]) {
        for id in [strangers.id().as_str(), never.as_str()] {
            items.push(named(known, id));
        }
        let before = stack.number(denials, "ada").await;
        let results = send::<Value>(&client, path, &items).await;
        assert_eq!(stack.number(denials, "ada").await, before + 2);
        for (item, result) in items.iter().zip(results) {
            let id = item["upload_id"].as_str().unwrap().parse().unwrap();
            expect_same(result, &client.post(&single(&id), &body(item)).await);
        }
        let odd = [
            named(known, "no-id"),
            with(known, "more", json!(1)),
            json!({ "upload_id": one.id() }),
        ];
        let results = send::<Value>(&client, path, &odd).await;
        assert_eq!(
            results.iter().map(|item| item.status).collect::<Vec<_>>(),
            [404, 400, 400]
        );
    }

    let both = send::<SignedParts>(&client, batch::SIGN_PATH, &[to_sign(&two), signed]).await;
    for (result, file) in both.into_iter().zip([&two, &one]) {
        let signed = result.into_answer().unwrap().parts;
        assert_eq!(signed.len(), file.parts.len());
        for (signed, part) in signed.iter().zip(&file.parts) {
            assert_eq!(client.send_part(signed, part.clone()).await, 200);
        }
    }
    let items = [to_complete(&one), done];
    let records = send::<Value>(&client, batch::COMPLETE_PATH, &items).await;
    for (file, record) in [&one, &two].into_iter().zip(records) {
        expect_same(record, &client.complete(file).await);
    }
    let rows = "SELECT count(*) FROM parts WHERE upload_id = ?";
    assert_eq!(stack.number(rows, strangers.id().as_str()).await, 0);
}

fn receipt(number: u16) -> Value {
    json!({ "number": number, "sha256": Sha256::of(b"a") })
}

#[tokio::test]
async fn a_hundred_items_are_a_batch_that_may_be_repeated_and_none_or_more_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    // The longest names and metadata, which are far over the limit of a single request's JSON together.
    let long = "n".repeat(4090);
    let asked: Vec<Value> = (0..batch::MOST_ITEMS)
        .map(|len| {
            let mut item = request(&new_token(), &format!("{long}{len}"), len);
            item["metadata"] = long.as_str().into();
            item
        })
        .collect();
    for items in [&asked[..0], &[asked.as_slice(), &asked[..1]].concat()] {
        let body = json!({ "uploads": items });
        let answer = client.post(batch::OPEN_PATH, &body).await;
        let problem = answer.refused(ProblemCode::InvalidRequest);
        assert_eq!(problem.numbers["most_items"], 100);
    }
    stack.expect_no_upload().await;

    let opened = send::<OpenedUpload>(&client, batch::OPEN_PATH, &asked).await;
    let files = opened.into_iter().enumerate().map(|(len, result)| {
        assert_eq!(result.status, 201);
        SealedFile::seal(result.into_answer().unwrap(), &bytes(len))
    });
    let files: Vec<_> = files.collect();
    let again = send::<OpenedUpload>(&client, batch::OPEN_PATH, &asked).await;
    for (file, result) in files.iter().zip(again) {
        assert_eq!(result.status, 200);
        let opened = result.into_answer().unwrap();
        assert_eq!(&opened.upload_id, file.id());
        // The key is only in the first answer (docs/FORMAT.md, R9).
        assert!(opened.content_key.is_none());
    }

    let items: Vec<_> = files.iter().map(to_sign).collect();
    let signed = send::<SignedParts>(&client, batch::SIGN_PATH, &items).await;
    let rows = "SELECT count(*) FROM parts WHERE upload_id <> ?";
    assert_eq!(stack.number(rows, "").await, 100);
    let again = send::<SignedParts>(&client, batch::SIGN_PATH, &items).await;
    assert_eq!(stack.number(rows, "").await, 100);
    for ((file, result), again) in files.iter().zip(signed).zip(again) {
        let signed = result.into_answer().unwrap().parts.remove(0);
        let headers = &again.into_answer().unwrap().parts[0].headers;
        assert_eq!(&signed.headers, headers);
        let status = client.send_part(&signed, file.parts[0].clone()).await;
        assert_eq!(status, 200);
    }

    let items: Vec<_> = files.iter().map(to_complete).collect();
    let first = send::<FileRecord>(&client, batch::COMPLETE_PATH, &items).await;
    let again = send::<FileRecord>(&client, batch::COMPLETE_PATH, &items).await;
    for ((file, first), again) in files.iter().zip(first).zip(again) {
        let [first, again] = [first, again].map(|result| result.into_answer().unwrap());
        assert_eq!((&first.id, &first), (file.file_id(), &again));
    }
    let audited = "SELECT count(*) FROM audit WHERE action || ' ' || outcome = ?";
    for row in [
        "open_upload ok",
        "issue_key ok",
        "open_upload again",
        "complete_upload ok",
        "complete_upload again",
    ] {
        assert_eq!(stack.number(audited, row).await, 100, "{row}");
    }
    assert_eq!(stack.number(audited, "sign_parts ok").await, 200);
}

#[tokio::test]
async fn rates_and_limits_count_each_item() {
    let stack = Stack::with(&[("limit_opens", "2")]).await;
    let client = stack.client();
    let items: Vec<_> = (0..3).map(|_| request(&new_token(), "a", 1)).collect();
    let mut results = send::<OpenedUpload>(&client, batch::OPEN_PATH, &items).await;
    results.sort_by_key(|result| result.status);
    let statuses: Vec<_> = results.iter().map(|result| result.status).collect();
    assert_eq!(statuses, [201, 201, 429]);
    let refused = results.pop().unwrap().into_answer().unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::TooManyRequests));
    assert!((1_000..=30_000).contains(&refused.retry_after_ms.unwrap()));

    let stack = Stack::with(&[("limit_open_uploads", "2")]).await;
    let mut results = send::<OpenedUpload>(&stack.client(), batch::OPEN_PATH, &items).await;
    results.sort_by_key(|result| result.status);
    let refused = results.pop().unwrap().into_answer().unwrap_err();
    assert_eq!(refused.problem.unwrap().numbers["most_open"], 2);
    assert!(results.iter().all(|result| result.status == 201));
}

#[tokio::test]
async fn one_client_token_twice_in_a_batch_opens_one_upload() {
    let stack = Stack::start().await;
    for len in [5, PART + 5] {
        let asked = request(&new_token(), "a", len);
        let items = [asked.clone(), asked];
        let mut results = send::<OpenedUpload>(&stack.client(), batch::OPEN_PATH, &items).await;
        results.sort_by_key(|result| result.status);
        let statuses = [results[0].status, results[1].status];
        assert_eq!(statuses, [200, 201]);
        let mut opened = results
            .into_iter()
            .map(|result| result.into_answer().unwrap());
        let (again, first) = (opened.next().unwrap(), opened.next().unwrap());
        assert_eq!(again.upload_id, first.upload_id);
        assert!(first.content_key.is_some() && again.content_key.is_none());
    }
    let uploads = "SELECT count(*) FROM uploads WHERE upload_id <> ?";
    assert_eq!(stack.number(uploads, "").await, 2);
}
