//! Refuses addresses that do not exist and methods that an address does not take.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{Method, StatusCode, Uri, header};
use sealift_transfer::api::ProblemCode;

use crate::problem::Refusal;

pub(crate) async fn nothing_here() -> Refusal {
    Refusal::not_found()
}

pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    refused(&method, uri.path())
}

/// Returns the refusal of a method. If the client tried to send a file, the refusal names the right
/// address.
fn refused(method: &Method, path: &str) -> Refusal {
    let instead = match (method, path) {
        (_, path) if path.starts_with("/v1/") => "see the header Allow",
        (&Method::PUT, _) => {
            "send a file to /upload/, with the slash at the end, as `curl -T FILE HOST/upload/` \
             does, or to /upload/NAME"
        }
        (&Method::POST, path) if path.starts_with("/upload/") => {
            "send a form to /upload, without a slash at the end"
        }
        _ => "see the header Allow",
    };
    Refusal::new(
        ProblemCode::MethodNotAllowed,
        format!("This address does not take {method}; {instead}."),
    )
}

/// Middleware around the pages' files: turns their 404 and 405 into a Problem, as everywhere else.
pub(crate) async fn refusals_of_files(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut answer = next.run(request).await;
    let refusal = match answer.status() {
        StatusCode::NOT_FOUND => Refusal::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => refused(&method, &path),
        _ => return answer,
    };
    let mut refused = refusal.into_response();
    if let Some(allowed) = answer.headers_mut().remove(header::ALLOW) {
        refused.headers_mut().insert(header::ALLOW, allowed);
    }
    refused
}
