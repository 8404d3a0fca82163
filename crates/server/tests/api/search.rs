//! Searches a caller's files by a text in the name.

use sealift_server::records::Roles;
use sealift_transfer::api::{FileList, ProblemCode, files};

use sqlx::Connection as _;

use crate::support::{Client, Stack};

async fn found(client: &Client, query: &str) -> (Vec<String>, Option<String>) {
    let path = format!("{}?{query}", files::PATH);
    let list: FileList = client.get(&path).await.json(200);
    let names = list.files.into_iter().map(|file| file.name);
    (names.collect(), list.next_cursor)
}

#[tokio::test]
async fn files_are_found_by_a_text_in_their_name_whatever_its_case() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let other = stack.login("acme", "bob", Roles::ALL).await;
    for name in [
        "Invoice May.pdf",
        "INVOICE June.pdf",
        "ÜBERSICHT.txt",
        "100%.txt",
    ] {
        client.upload(name, b"").await;
    }
    other.upload("invoice of another.pdf", b"").await;
    let expected = ["INVOICE June.pdf", "Invoice May.pdf"]
        .map(str::to_owned)
        .to_vec();
    for text in ["invoice", "INVOICE", "nvoice%20"] {
        assert_eq!(
            found(&client, &format!("search={text}")).await,
            (expected.clone(), None)
        );
    }
    for (text, name) in [
        ("%C3%BCbersicht", "ÜBERSICHT.txt"),
        ("U%CC%88BER", "ÜBERSICHT.txt"),
        ("%25.", "100%.txt"),
    ] {
        assert_eq!(found(&client, &format!("search={text}")).await.0, [name]);
    }
    assert_eq!(found(&client, "search=receipt").await, (vec![], None));
    assert_eq!(found(&client, "search=").await.0.len(), 4);
}

#[tokio::test]
async fn what_is_found_comes_page_by_page() {
    let stack = Stack::start().await;
    let client = stack.client();
    for number in 0..5 {
        client.upload(&format!("odd {number}"), b"").await;
        client.upload(&format!("even {number}"), b"").await;
    }
    let mut all = Vec::new();
    let mut cursor = String::new();
    for pages in 1.. {
        assert!(pages < 10);
        let (names, next) = found(&client, &format!("search=odd&limit=2{cursor}")).await;
        assert!(names.len() <= 2);
        all.extend(names);
        match next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<_> = (0..5).rev().map(|number| format!("odd {number}")).collect();
    assert_eq!(all, expected);
}

/// Copies every row many times. The copies are newer, and their names must still be sealed.
const COPIES: &str = "
    CREATE TEMP TABLE numbers AS
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1100)
        SELECT n, printf('aaaaaaaaaaaaaaaaaaaaaa%s%s%sa',
            char(97 + n % 26), char(97 + n / 26 % 26), char(97 + n / 676)) AS id FROM numbers;
    CREATE TEMP TABLE more_uploads AS SELECT uploads.* FROM uploads, numbers ORDER BY n;
    UPDATE more_uploads SET upload_id = (SELECT id FROM numbers WHERE n = more_uploads.rowid),
        client_token = 'copy-' || rowid, message_id = randomblob(32), s3_key = 'copy-' || rowid;
    INSERT INTO uploads SELECT * FROM more_uploads;
    CREATE TEMP TABLE more_files AS SELECT files.* FROM files, numbers ORDER BY n;
    UPDATE more_files SET upload_id = (SELECT id FROM numbers WHERE n = more_files.rowid),
        file_id = (SELECT id FROM numbers WHERE n = more_files.rowid),
        message_id = randomblob(32), s3_key = 'copy-' || rowid,
        original_filename = x'', uploaded_at_ms = uploaded_at_ms + rowid;
    INSERT INTO files SELECT * FROM more_files;";

#[tokio::test]
async fn one_request_looks_at_a_thousand_names_and_says_where_the_next_goes_on() {
    let stack = Stack::start().await;
    let client = stack.client();
    client.upload("the oldest", b"").await;
    let mut db = stack.database().await;
    sqlx::raw_sql(COPIES).execute(&mut db).await.unwrap();
    let unnamed = "SELECT file_id FROM files WHERE original_filename = x''";
    let unnamed: Vec<String> = sqlx::query_scalar(unnamed)
        .fetch_all(&mut db)
        .await
        .unwrap();
    let mut all = db.begin().await.unwrap();
    for (id, name) in stack.seal_names(&unnamed, "a younger one").await {
        let change = sqlx::query("UPDATE files SET original_filename = ? WHERE file_id = ?");
        change.bind(name).bind(id).execute(&mut *all).await.unwrap();
    }
    all.commit().await.unwrap();
    let (names, next) = found(&client, "search=oldest").await;
    assert_eq!(names, Vec::<String>::new());
    let behind = format!("search=oldest&cursor={}", next.unwrap());
    assert_eq!(
        found(&client, &behind).await,
        (vec!["the oldest".to_owned()], None)
    );
}

#[tokio::test]
async fn other_lists_are_not_searched() {
    let stack = Stack::start().await;
    let client = stack.client();
    for path in [
        "/v1/uploads?search=a",
        "/v1/files?find=a",
        "/v1/files?search=a&limit=0",
    ] {
        client.get(path).await.refused(ProblemCode::InvalidRequest);
    }
}
