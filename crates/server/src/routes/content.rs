//! `GET|HEAD /v1/files/{id}/content`: the plaintext, whole or a range. Always as a download that
//! no browser runs or keeps (DESIGN.md 9, active content).

use core::ops::Range;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use headers::{ETag, HeaderMapExt as _, IfNoneMatch, IfRange};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sealift_message::Header;
use sealift_transfer::api::{FileId, ProblemCode};

use super::Id;
use crate::{
    app::App,
    caller::{Caller, Wish},
    download, personal,
    problem::{self, Refusal},
    records::{AuditAction, FileRow},
};

pub(crate) async fn content(
    State(app): State<App>,
    caller: Caller,
    Id(file_id): Id<FileId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    caller.may(Wish::Download)?;
    let row = app.records.file(&caller.scope, &file_id).await?;
    let row = row.ok_or_else(Refusal::not_found)?;
    let size = row.plan.plaintext_len();
    let etag = etag(&row)?;
    let no_change = headers.typed_get::<IfNoneMatch>();
    if no_change.is_some_and(|known| !known.precondition_passes(&etag)) {
        let mut answer = StatusCode::NOT_MODIFIED.into_response();
        answer.headers_mut().typed_insert(etag);
        return Ok(answer);
    }
    let same = headers.typed_get::<IfRange>();
    let range = match same.is_none_or(|same| !same.is_modified(Some(&etag), None)) {
        true => asked_range(&headers, size)?,
        false => None,
    };

    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        app.audit(&caller, AuditAction::OpenFile, file_id.as_str(), "ok")
            .await?;
        download::download(&app, &caller, &row, range.clone()).await?
    };
    let name = personal::open_name(&app, &row.scope.tenant, &file_id, &row.name).await?;
    let mut answer = Response::new(body);
    let answered = answer.headers_mut();
    answered.typed_insert(etag);
    answered.typed_insert(headers::AcceptRanges::bytes());
    let length = range
        .as_ref()
        .map_or(size, |range| range.end.saturating_sub(range.start));
    answered.typed_insert(headers::ContentLength(length));
    for (name, value) in NEVER_ACTIVE {
        answered.insert(name, HeaderValue::from_static(value));
    }
    answered.insert(header::CONTENT_DISPOSITION, attachment(&name)?);
    if let Some(range) = range {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        let content_range = headers::ContentRange::bytes(range, size);
        let content_range = content_range.map_err(|_| problem::internal())?;
        answer.headers_mut().typed_insert(content_range);
    }
    Ok(answer)
}

/// A file from somebody else must not run in this origin, be guessed at, or stay in a cache.
const NEVER_ACTIVE: [(header::HeaderName, &str); 5] = [
    (header::CONTENT_TYPE, "application/octet-stream"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'",
    ),
    (
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "private, no-store"),
];

/// The message id: the same bytes for ever, and never the store's own tag (FORMAT.md R6).
fn etag(row: &FileRow) -> Result<ETag, Refusal> {
    let header = Header::parse_own(&row.header)?;
    let quoted = format!("\"{}\"", header.message_id());
    quoted.parse().map_err(|_| problem::internal())
}

/// `None`: all of it. A `Range` of another unit is ignored, as RFC 9110 wants; one in bytes that
/// is malformed, multiple or outside the file is refused.
fn asked_range(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, Refusal> {
    let Some(asked) = headers.get(header::RANGE) else {
        return Ok(None);
    };
    let asked = asked.to_str().unwrap_or("bytes=");
    if !asked.starts_with("bytes=") {
        return Ok(None);
    }
    let ranges = http_range_header::parse_range_header(asked)
        .ok()
        .and_then(|ranges| ranges.validate(size).ok());
    match ranges.as_deref() {
        Some([range]) => Ok(Some(*range.start()..range.end().saturating_add(1))),
        _ => Err(not_satisfiable(size)),
    }
}

fn not_satisfiable(size: u64) -> Refusal {
    let refusal = Refusal::new(
        ProblemCode::RangeNotSatisfiable,
        format!("The file has {size} bytes; ask for one range within them, as bytes=first-last."),
    )
    .with_number("size", size);
    match HeaderValue::from_str(&format!("bytes */{size}")) {
        Ok(value) => refusal.with_header(header::CONTENT_RANGE, value),
        Err(_) => refusal,
    }
}

/// What RFC 8187 lets stand unescaped in `filename*`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

fn attachment(name: &str) -> Result<HeaderValue, Refusal> {
    let escaped = utf8_percent_encode(name, PLAIN);
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{escaped}"))
        .map_err(|_| problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(asked: &str, size: u64) -> Option<Option<Range<u64>>> {
        let headers = HeaderMap::from_iter([(header::RANGE, asked.parse().unwrap())]);
        asked_range(&headers, size).ok()
    }

    #[test]
    fn one_range_within_the_file_is_taken() {
        assert_eq!(range("bytes=0-0", 10), Some(Some(0..1)));
        assert_eq!(range("bytes=3-", 10), Some(Some(3..10)));
        assert_eq!(range("bytes=-4", 10), Some(Some(6..10)));
        assert_eq!(range("bytes=5-99", 10), Some(Some(5..10)));
        assert_eq!(range("lines=1-2", 10), Some(None));
    }

    #[test]
    fn anything_else_in_bytes_is_refused() {
        for bad in [
            "bytes=",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=10-",
            "bytes=-0",
            "bytes=0-1,3-4",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(range(bad, 10), None, "{bad}");
        }
        assert_eq!(range("bytes=0-0", 0), None);
    }

    #[test]
    fn a_name_is_only_text_in_the_header() {
        let value = attachment("a\"; filename=evil.html; \u{202e}é").unwrap();
        assert_eq!(
            value,
            "attachment; filename*=UTF-8''a%22%3B%20filename%3Devil.html%3B%20%E2%80%AE%C3%A9"
        );
    }
}
