//! The small pages that a form without script is answered with: no script, nothing of any other
//! origin, and one style, which the policy names by its hash.

use axum::response::{Html, IntoResponse as _, Response};
use html_escape::{encode_double_quoted_attribute, encode_text};
use http::{HeaderValue, header};
use sealift_transfer::api::{FileRecord, Problem, Sha256};

const STYLE: &str = "\
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a414d); --soft: light-dark(#59626f, #a3adba); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 10vh auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
dl { border-top: 1px solid var(--line); }
dt { color: var(--soft); margin-top: .75rem; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .875rem/1.5 ui-monospace, monospace; }
";

/// The file was sealed.
pub(super) fn sealed(file: &FileRecord) -> Response {
    let name = encode_text(&file.name);
    let id = file.id.as_str();
    let size = file.size;
    let place = format!("s3://{}/{}", file.bucket, file.object_key);
    let place = encode_text(&place);
    // Relative: the server may lie below a path.
    let body = format!(
        "<h1>Sealed: <bdi>{name}</bdi></h1>\n\
         <p>The file was encrypted on its way and lies in the bucket.</p>\n\
         <dl>\n<dt>Size</dt><dd>{size} bytes</dd>\n<dt>Object</dt><dd><code>{place}</code></dd>\n</dl>\n\
         <p><a href=\"files/{}\">Open the file</a></p>\n\
         <p><a href=\"./\">Send another one</a></p>\n",
        encode_double_quoted_attribute(id),
    );
    page("Sealed", &body)
}

/// It was not, and why.
pub(crate) fn refused(problem: &Problem) -> Response {
    let (title, detail) = (encode_text(&problem.title), encode_text(&problem.detail));
    let code = encode_text(&problem.code);
    let request_id = problem.request_id.as_deref().unwrap_or_default();
    let body = format!(
        "<h1>{title}</h1>\n<p>{detail}</p>\n\
         <dl>\n<dt>Code</dt><dd><code>{code}</code></dd>\n\
         <dt>Request</dt><dd><code>{}</code></dd>\n</dl>\n\
         <p><a href=\"./\">Back</a></p>\n",
        encode_text(request_id),
    );
    page("Not sealed", &body)
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - Sealift</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    );
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        Sha256::of(STYLE.as_bytes())
    );
    let mut answer = Html(html).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}
