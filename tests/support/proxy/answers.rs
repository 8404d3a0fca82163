//! Error responses in the target's own format.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::request::{Operation, RequestHead};

/// The target whose error format is used.
enum Speaker {
    S3,
    Kms,
    /// A gateway in front of the server, which has error pages of its own.
    Gateway,
}

impl Speaker {
    fn of(request: &RequestHead) -> Self {
        match request.operation {
            Operation::MakeDataKey | Operation::OpenDataKey => Self::Kms,
            Operation::Open
            | Operation::Sign
            | Operation::Key
            | Operation::Complete
            | Operation::Abort
            | Operation::Status
            | Operation::Content => Self::Gateway,
            _ => Self::S3,
        }
    }
}

pub(super) fn internal_error(request: &RequestHead) -> Response<Bytes> {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    match Speaker::of(request) {
        Speaker::S3 => s3(status, "InternalError"),
        Speaker::Kms => kms(status, "KMSInternalException"),
        Speaker::Gateway => gateway(StatusCode::BAD_GATEWAY),
    }
}

pub(super) fn slow_down(request: &RequestHead, retry_after_s: Option<u32>) -> Response<Bytes> {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut answer = match Speaker::of(request) {
        Speaker::S3 => s3(status, "SlowDown"),
        Speaker::Kms => kms(StatusCode::BAD_REQUEST, "ThrottlingException"),
        Speaker::Gateway => gateway(status),
    };
    if let Some(seconds) = retry_after_s {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// Returns the answer that S3 gives to an expired signature. KMS has its own name for it.
pub(super) fn expired(request: &RequestHead) -> Response<Bytes> {
    match Speaker::of(request) {
        Speaker::S3 => s3(StatusCode::FORBIDDEN, "AccessDenied"),
        Speaker::Kms => kms(StatusCode::BAD_REQUEST, "ExpiredTokenException"),
        Speaker::Gateway => gateway(StatusCode::FORBIDDEN),
    }
}

/// Refuses a request with this code in S3's format.
pub(super) fn refused(status: StatusCode, code: &str) -> Response<Bytes> {
    s3(status, code)
}

/// Refuses a request with this code in the format of KMS.
pub(super) fn refused_by_kms(code: &str) -> Response<Bytes> {
    kms(StatusCode::BAD_REQUEST, code)
}

/// Returns a 200 with an error in the body. S3 sends the status early to keep the connection open, and can
/// still find an error afterwards.
pub(super) fn ok_with_error() -> Response<Bytes> {
    s3(StatusCode::OK, "InternalError")
}

fn s3(status: StatusCode, code: &str) -> Response<Bytes> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>The failing proxy says so.</Message><RequestId>0</RequestId></Error>"
    );
    let mut answer = answer(status, "application/xml", body);
    // A browser shows the status to the page only if CORS allows it, so these headers match the store's CORS rules.
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "retry-after,etag,date"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

pub(super) fn kms(status: StatusCode, kind: &str) -> Response<Bytes> {
    let body = format!(r#"{{"__type":"{kind}","message":"The failing proxy says so."}}"#);
    answer(status, "application/x-amz-json-1.1", body)
}

fn gateway(status: StatusCode) -> Response<Bytes> {
    answer(
        status,
        "text/plain",
        "The failing proxy says so.".to_owned(),
    )
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
