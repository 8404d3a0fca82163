//! Requests that are refused before they are understood.

use http::{Method, header};
use sealift_transfer::api::{ProblemCode, open};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    Answer, SealedFile, Stack,
    sealing::{new_token, request},
};

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
    stack.expect_no_upload().await;
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
    stack.expect_no_upload().await;
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
    stack.expect_no_upload().await;
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
    stack.expect_no_upload().await;
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
        (Method::DELETE, open::PATH),
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
