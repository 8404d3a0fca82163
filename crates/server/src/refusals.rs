//! Finishes every refusal on its way out. It gets the body with the request's id, one log line with
//! the cause, which never leaves the log, and an audit row if it is a denial.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, header, response::Parts};
use sealift_transfer::api::{Problem, ProblemCode, problem};

use crate::{
    app::App,
    caller::{Caller, KnownCaller},
    problem::Refusal,
    telemetry::RequestId,
};

/// Middleware around every route: turns the [`Refusal`] in an answer into the body.
pub(crate) async fn render(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().cloned();
    let caller = KnownCaller::default();
    request.extensions_mut().insert(caller.clone());
    let mut answer = next.run(request).await;
    let Some(refusal) = answer.extensions_mut().remove::<Refusal>() else {
        return answer;
    };

    let problem = finish(&app, caller.get(), request_id.as_ref(), refusal).await;
    let (mut parts, _) = answer.into_parts();
    if let Some(RefusedAsPage(page)) = parts.extensions.remove() {
        return as_page(parts, page(&problem));
    }
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let content_type = HeaderValue::from_static(problem::CONTENT_TYPE);
    parts.headers.insert(header::CONTENT_TYPE, content_type);
    parts.headers.remove(header::CONTENT_LENGTH);
    let no_store = HeaderValue::from_static("no-store");
    parts.headers.insert(header::CACHE_CONTROL, no_store);
    Response::from_parts(parts, body.into())
}

/// Writes the log line and the audit row of a refusal, of a whole request or of one item of a batch, and
/// returns the body that the caller reads.
pub(crate) async fn finish(
    app: &App,
    caller: Option<&Caller>,
    request_id: Option<&RequestId>,
    refusal: Refusal,
) -> Problem {
    let code = refusal.code();
    match refusal.cause() {
        Some(cause) if is_for_the_operator(code) => {
            tracing::error!(
                code = code.as_str(),
                cause,
                "Refused with {}",
                code.as_str()
            );
        }
        _ => tracing::debug!(code = code.as_str(), "Refused with {}", code.as_str()),
    }
    app.audit_denial(caller, request_id, code).await;
    refusal.into_problem(request_id.map(ToString::to_string))
}

/// Returns whether the person who runs the server should read of it.
fn is_for_the_operator(code: ProblemCode) -> bool {
    code.status() >= 500
        || matches!(
            code,
            ProblemCode::RefusedByStore | ProblemCode::RefusedByKms
        )
}

/// An extension of an answer that a person waits for in a browser: the body becomes this page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusedAsPage(pub(crate) fn(&Problem) -> Response);

/// Combines the refusal's status and headers with the page's headers and body.
fn as_page(mut parts: Parts, page: Response) -> Response {
    let (page, body) = page.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(page.headers);
    let no_store = HeaderValue::from_static("no-store");
    parts.headers.insert(header::CACHE_CONTROL, no_store);
    Response::from_parts(parts, body)
}
