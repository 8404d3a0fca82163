use sealift_transfer::{
    api::{FileId, ProblemCode, UploadId},
    retry::RequestFailure,
};

use super::*;
use crate::raw_server::{answer, server};

fn file_id() -> FileId {
    FileId::from_random([1; 16])
}

fn status(status: u16, retry_after_ms: Option<u64>) -> RequestFailure {
    RequestFailure::Status {
        status,
        retry_after_ms,
    }
}

#[tokio::test]
async fn the_servers_problem_is_the_error() {
    let problem = ProblemCode::NotFound.problem("There is nothing here.");
    let body = serde_json::to_string(&problem).unwrap();
    let head = "404 Not Found\r\ncontent-type: application/problem+json\r\n";
    let client = server(answer(head, &body)).await;
    let error = client.file(&file_id()).await.unwrap_err();
    assert_eq!(error.to_string(), "There is nothing here. (not_found)");
    let code = error.problem().and_then(|problem| problem.known_code());
    assert_eq!(code, Some(ProblemCode::NotFound));
    assert_eq!(error.failure(), status(404, None));
}

#[tokio::test]
async fn an_error_that_is_no_problem_is_not_taken_for_the_servers() {
    let client = server(answer("502 Bad Gateway\r\nretry-after: 2\r\n", "oops")).await;
    let error = client.file(&file_id()).await.unwrap_err();
    assert!(
        matches!(error, RequestError::NotSealift { .. }),
        "{error:?}"
    );
    assert_eq!(error.failure(), status(502, Some(2_000)));
}

#[tokio::test]
async fn a_good_answer_that_breaks_off_is_no_answer() {
    let client = server("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}").await;
    let error = client.policy().await.unwrap_err();
    assert_eq!(error.failure(), RequestFailure::Network);
}

#[tokio::test]
async fn a_good_answer_that_is_not_ours_is_not_asked_for_again() {
    let client = server(answer("200 OK\r\n", "<html>")).await;
    let error = client.policy().await.unwrap_err();
    assert!(
        matches!(error, RequestError::Incomprehensible { .. }),
        "{error:?}"
    );
    assert_eq!(error.failure(), status(200, None));
}

#[tokio::test]
async fn a_content_key_has_32_bytes_and_no_more_are_read() {
    let upload_id = UploadId::from_random([1; 16]);
    let key = server(answer("200 OK\r\n", &"k".repeat(32)))
        .await
        .key(&upload_id)
        .await
        .unwrap();
    assert_eq!(key.expose(), &[b'k'; 32]);
    for len in [0, 31, 33, 100_000] {
        let client = server(answer("200 OK\r\n", &"k".repeat(len))).await;
        let error = client.key(&upload_id).await.unwrap_err();
        assert!(
            matches!(error, RequestError::Incomprehensible { .. }),
            "{len}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = server(answer("200 OK\r\n", "{}"))
        .await
        .server
        .at("/v1/policy");
    let head = format!("307 Temporary Redirect\r\nlocation: {elsewhere}\r\n");
    let error = server(answer(&head, "")).await.policy().await.unwrap_err();
    assert_eq!(error.failure(), status(307, None));
}
