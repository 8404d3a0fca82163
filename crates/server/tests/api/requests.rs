//! Requests that are refused before anything was made of them.

use http::{Method, header};
use sealift_transfer::api::{FileRecord, Policy, ProblemCode, open, policy};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    Answer, SealedFile, Stack,
    sealing::{new_token, request},
};

const UPLOADS: &str = "SELECT count(*) FROM uploads WHERE upload_id <> ?";

/// Nothing was made: no row, no multipart upload.
async fn expect_nothing_of(stack: &Stack) {
    assert_eq!(stack.number(UPLOADS, "").await, 0);
    assert_eq!(stack.files_of_store(), Vec::<std::path::PathBuf>::new());
}

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
    expect_nothing_of(&stack).await;
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
    assert_eq!(most, 4096 * u64::from(u32::MAX));
    for size in [most + 1, 1 << 63, u64::MAX] {
        let mut asked = request(&new_token(), "a", 0);
        asked["size"] = size.into();
        let answer = client.post(open::PATH, &asked).await;
        let problem = answer.refused(ProblemCode::FileTooLarge);
        assert_eq!(problem.numbers["most_bytes"], most);
    }
    expect_nothing_of(&stack).await;
    let mut asked = request(&new_token(), "a", 0);
    asked["size"] = most.into();
    client.post(open::PATH, &asked).await.json::<Value>(201);
}

#[tokio::test]
async fn a_file_over_the_configured_size_is_refused_and_one_of_it_taken() {
    let stack = Stack::with(&[("limit_file", "1000")]).await;
    let client = stack.client();
    let larger = request(&new_token(), "a", 1001);
    let answer = client.post(open::PATH, &larger).await;
    let problem = answer.refused(ProblemCode::FileTooLarge);
    assert_eq!(problem.numbers["most_bytes"], 1000);
    client.upload("a", &[0; 1000]).await;
}

#[tokio::test]
async fn names_with_control_characters_or_of_no_or_too_many_bytes_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let too_long = "ä".repeat(2048) + "a";
    for name in [
        "",
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
    expect_nothing_of(&stack).await;
}

#[tokio::test]
async fn quotes_and_marks_of_direction_in_names_are_taken_as_they_are() {
    let stack = Stack::start().await;
    let client = stack.client();
    let longest = "ä".repeat(2048);
    for name in [
        "\"quoted\" 'and' `more`",
        "\u{202e}fdp.exe",
        "\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}",
        "../../etc/passwd",
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
    expect_nothing_of(&stack).await;
}

#[tokio::test]
async fn what_is_no_json_of_this_endpoint_is_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let mut unknown = request(&new_token(), "a", 1);
    unknown["object_key"] = "elsewhere".into();
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let token = new_token();
    let deep = format!(r#"{{"client_token":"{token}","name":"a","size":1,"metadata":{nested}}}"#);
    let twice = format!(r#"{{"client_token":"{token}","name":"a","name":"b","size":1}}"#);
    let lone = format!(r#"{{"client_token":"{token}","name":"\ud800","size":1}}"#);
    for body in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        &unknown.to_string(),
        &deep,
        &twice,
        &lone,
    ] {
        let answer = client.post_text(open::PATH, body).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
    let request = client.request(Method::POST, open::PATH);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let answer = Answer::to(request.body(b"{\"name\":\"\xff\"}".to_vec())).await;
    answer.refused(ProblemCode::InvalidRequest);
    expect_nothing_of(&stack).await;
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let body = request(&new_token(), "a", 1).to_string();
    let asked = |content_type: Option<&str>| {
        let request = client.request(Method::POST, open::PATH).body(body.clone());
        Answer::to(match content_type {
            Some(content_type) => request.header(header::CONTENT_TYPE, content_type),
            None => request,
        })
    };
    for other in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("json"),
    ] {
        asked(other)
            .await
            .refused(ProblemCode::UnsupportedMediaType);
    }
    expect_nothing_of(&stack).await;
    let answer = asked(Some("application/json; charset=utf-8")).await;
    SealedFile::seal(answer.json(201), b"a");
}

#[tokio::test]
async fn a_hundred_mebibytes_of_json_are_refused_before_they_are_sent() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/uploads HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{{",
        100 * 1024 * 1024
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    expect_nothing_of(&stack).await;
}

#[tokio::test]
async fn a_hundred_mebibytes_of_undeclared_length_are_refused_after_the_limit() {
    let stack = Stack::start().await;
    let address = stack.server.address();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/uploads HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    // One chunk is the limit; the second is over it. The body's end never comes.
    for _ in 0..2 {
        socket.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    expect_nothing_of(&stack).await;
}

#[tokio::test]
async fn a_path_or_method_that_is_none_is_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v2/files",
        "/v1/files/",
        "/v1/uploads/x/y",
    ] {
        client.get(path).await.refused(ProblemCode::NotFound);
    }
    for (method, path) in [
        (Method::GET, open::PATH),
        (Method::PUT, open::PATH),
        (Method::DELETE, "/v1/files"),
        (Method::POST, "/v1/policy"),
    ] {
        let answer = Answer::to(client.request(method, path)).await;
        answer.refused(ProblemCode::MethodNotAllowed);
        assert_ne!(answer.header("allow"), "", "{path}");
    }
}

#[tokio::test]
async fn a_problem_says_what_is_wrong_and_what_to_do() {
    let stack = Stack::start().await;
    let client = stack.client();
    let answers = [
        client
            .post(open::PATH, &request(&new_token(), "a\nb", 1))
            .await,
        client.get("/v1/files/x").await,
        client.post_text(open::PATH, "{").await,
    ];
    let problems: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let mut problem: Value = answer.json(answer.status);
            problem["request_id"] = "[26 characters]".into();
            problem
        })
        .collect();
    insta::assert_json_snapshot!(problems, @r#"
    [
      {
        "code": "invalid_name",
        "detail": "The file's name has control characters; rename the file and try again.",
        "most_bytes": 4096,
        "request_id": "[26 characters]",
        "status": 422,
        "title": "Invalid file name",
        "type": "/problems/invalid_name"
      },
      {
        "code": "not_found",
        "detail": "There is nothing here for you; check the address.",
        "request_id": "[26 characters]",
        "status": 404,
        "title": "Not found",
        "type": "/problems/not_found"
      },
      {
        "code": "invalid_request",
        "detail": "The request cannot be read: EOF while parsing an object at line 1 column 1.",
        "request_id": "[26 characters]",
        "status": 400,
        "title": "The request cannot be read",
        "type": "/problems/invalid_request"
      }
    ]
    "#);
}
