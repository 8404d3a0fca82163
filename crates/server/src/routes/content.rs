//! `GET|HEAD /v1/files/{id}/content`: the plaintext, whole or a range. The answer is a download,
//! which no browser runs or caches, so that an uploaded page cannot act in this origin. With
//! `inline`, a file of a type that can only be shown (an image, a sound, a video) is shown instead.

use axum::{
    body::Body,
    extract::{FromRequestParts, Query, State},
    response::{IntoResponse as _, Response},
};
use headers::{ETag, HeaderMapExt as _};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use sealift_transfer::api::ProblemCode;
use serde::Deserialize;

use crate::{
    app::App,
    caller::{Permission, Reader},
    problem::{self, Refusal},
    reading::download,
    records::FileRow,
    sealed_names,
    sniffed::SniffedType,
};

mod asked;
mod disposition;

use asked::Asked;
use disposition::disposition;

pub(crate) async fn content(
    State(app): State<App>,
    mut reader: Reader,
    wanted: Wanted,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (caller, file_id) = (&reader.caller, &reader.file_id);
    caller.require(Permission::Read)?;
    let row = app.records.file(&caller.scope, file_id).await?;
    let row = row.ok_or_else(Refusal::not_found)?;
    let size = row.plan.plaintext_len();
    let etag = etag(&row)?;
    let range = match Asked::of(&method, &headers, &etag, size)? {
        Asked::NotModified => return Ok(not_modified(etag)),
        Asked::Whole => None,
        Asked::Part(range) => Some(range),
    };

    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let permit = app.reads.begin(caller.reads_for(file_id))?;
        reader.go_on(&app).await?;
        app.audit_reading(&reader, "ok").await?;
        app.metrics.file_reads.inc();
        download::download(&app, reader, &row, range.clone(), permit).await?
    };
    let name = sealed_names::name_to_save(&app, &row).await?;
    let shown = row.sniffed_type.filter(|_| wanted.inline);
    let mut answer = Response::new(body);
    let answered = answer.headers_mut();
    never_active(answered);
    if shown.is_some() {
        let policy = HeaderValue::from_static(POLICY_OF_SHOWN);
        answered.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answered.insert(header::CONTENT_TYPE, content_type(shown));
    let kind = shown.map_or("attachment", |_| "inline");
    answered.insert(header::CONTENT_DISPOSITION, disposition(kind, &name)?);
    answered.typed_insert(etag);
    answered.typed_insert(headers::AcceptRanges::bytes());
    let length = range
        .as_ref()
        .map_or(size, |range| range.end.saturating_sub(range.start));
    answered.typed_insert(headers::ContentLength(length));
    if let Some(range) = range {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        let content_range = headers::ContentRange::bytes(range, size);
        let content_range = content_range.map_err(|_| problem::internal())?;
        answer.headers_mut().typed_insert(content_range);
    }
    Ok(answer)
}

/// The query of the request, `?inline=1`: whether to show the file rather than download it.
pub(crate) struct Wanted {
    inline: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    inline: Option<String>,
}

impl FromRequestParts<App> for Wanted {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let given = Query::<Given>::from_request_parts(parts, app).await;
        match given
            .map(|Query(given)| given.inline)
            .as_ref()
            .map(Option::as_deref)
        {
            Ok(None) => Ok(Self { inline: false }),
            Ok(Some("1")) => Ok(Self { inline: true }),
            _ => Err(Refusal::new(
                ProblemCode::InvalidRequest,
                "The query of this address may be `inline=1`, and nothing else.",
            )),
        }
    }
}

fn not_modified(etag: ETag) -> Response {
    let mut answer = StatusCode::NOT_MODIFIED.into_response();
    never_active(answer.headers_mut());
    answer.headers_mut().typed_insert(etag);
    answer
}

/// Sets the headers that make a file harmless. A file from somebody else must not run in this
/// origin, the browser must not guess its type, and no cache may keep it. This also holds for a file
/// that is shown.
fn never_active(answered: &mut HeaderMap) {
    for (name, value) in NEVER_ACTIVE {
        answered.insert(name, HeaderValue::from_static(value));
    }
}

const NEVER_ACTIVE: [(header::HeaderName, &str); 4] = [
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

/// The policy of an image, a sound or a video that is opened at its own address. The browser makes a
/// document around it and fetches the file once more from there. That document must count as one of
/// this origin, because otherwise the second request comes without the cookie of a link and is refused
/// as another page's. The document still runs nothing: the sandbox permits no script and no form, and
/// the policy names no source for either.
const POLICY_OF_SHOWN: &str =
    "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self'";

fn content_type(shown: Option<SniffedType>) -> HeaderValue {
    let name = shown.map_or("application/octet-stream", SniffedType::as_str);
    HeaderValue::from_static(name)
}

/// Returns the content's ETag: the message id, because it names the same bytes for ever. The store's own
/// ETag is not used for this (docs/FORMAT.md, R6).
fn etag(row: &FileRow) -> Result<ETag, Refusal> {
    let header = row.header.parsed()?.header();
    let quoted = format!("\"{}\"", header.message_id());
    quoted.parse().map_err(|_| problem::internal())
}
