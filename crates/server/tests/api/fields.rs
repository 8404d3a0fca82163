//! The fields of a request to open an upload, and their limits.

use sealift_transfer::api::{FileRecord, Policy, ProblemCode, open, policy};
use serde_json::{Value, json};

use crate::support::{
    Stack,
    sealing::{new_token, request},
};

#[tokio::test]
async fn sizes_that_are_no_numbers_of_bytes_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    for size in [
        "-1",
        "1.5",
        "\"1\"",
        "null",
        "1e30",
        "18446744073709551616",
        "NaN",
        "[1]",
    ] {
        let token = new_token();
        let body = format!(r#"{{"client_token":"{token}","name":"a","size":{size}}}"#);
        let answer = client.post_text(open::PATH, body).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn sizes_that_the_format_cannot_carry_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let most = client
        .get(policy::PATH)
        .await
        .json::<Policy>(200)
        .most_bytes;
    // 2^32 - 1 frames of 4 KiB; the last frame is never full.
    assert_eq!(most, 4096 * u64::from(u32::MAX) - 1);
    for size in [most + 1, 1 << 63, u64::MAX] {
        let mut asked = request(&new_token(), "a", 0);
        asked["size"] = size.into();
        let answer = client.post(open::PATH, &asked).await;
        let problem = answer.refused(ProblemCode::FileTooLarge);
        assert_eq!(problem.numbers["most_bytes"], most);
    }
    stack.expect_no_upload().await;
    let mut asked = request(&new_token(), "a", 0);
    asked["size"] = most.into();
    client.post(open::PATH, &asked).await.json::<Value>(201);
}

#[tokio::test]
async fn a_file_over_the_configured_size_is_refused_and_one_of_it_accepted() {
    let stack = Stack::with(&[("limit_file", "1000")]).await;
    let client = stack.client();
    let larger = request(&new_token(), "a", 1001);
    let answer = client.post(open::PATH, &larger).await;
    let problem = answer.refused(ProblemCode::FileTooLarge);
    assert_eq!(problem.numbers["most_bytes"], 1000);
    client.upload("a", &[0; 1000]).await;
}

#[tokio::test]
async fn names_with_control_characters_or_too_many_bytes_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let too_long = "ä".repeat(2048) + "a";
    for name in [
        "a\0b",
        "a\nb",
        "\r",
        "a\tb",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{85}",
        &too_long,
    ] {
        let answer = client
            .post(open::PATH, &request(&new_token(), name, 1))
            .await;
        answer.refused(ProblemCode::InvalidName);
    }
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn quotes_and_marks_of_direction_in_names_are_accepted_as_they_are() {
    let stack = Stack::start().await;
    let client = stack.client();
    let longest = "ä".repeat(2048);
    for name in [
        "\"quoted\" 'and' `more`",
        "\u{202e}fdp.exe",
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}",
        "etc/passwd",
        "a/b\\c",
        "<img src=x onerror=alert(1)>",
        "👩‍👩‍👧.jpg",
        " ",
        &longest,
    ] {
        let record = client.upload(name, b"a").await;
        assert_eq!(record.name, name);
        let path = sealift_transfer::api::files::path(&record.id);
        let found: FileRecord = client.get(&path).await.json(200);
        assert_eq!(found.name, name);
        assert_eq!(client.content(&record.id).await.status, 200);
    }
}

#[tokio::test]
async fn other_fields_over_their_limits_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let long = |len: usize| Value::from("a".repeat(len));
    for (field, value) in [
        ("client_token", long(15)),
        ("client_token", long(65)),
        ("client_token", json!("sixteen chars !!")),
        ("content_type", long(256)),
        ("content_type", json!("")),
        ("content_type", json!("text/plain\r\nx: y")),
        ("reference", long(257)),
        ("reference", json!("a\nb")),
        ("metadata", long(4095)),
    ] {
        let mut asked = request(&new_token(), "a", 1);
        asked[field] = value;
        let problem = client.post(open::PATH, &asked).await;
        let problem = problem.refused(ProblemCode::InvalidField);
        assert_eq!(problem.numbers["field"], field);
    }
    stack.expect_no_upload().await;
}
