//! The small pages that answer a form without script. They have no script, nothing from another
//! origin, and one style sheet, which the policy names by its hash.

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

/// Returns the page that says that the file was sealed.
pub(super) fn sealed(file: &FileRecord) -> Response {
    let name = visible(&file.name);
    let name = encode_text(&name);
    let id = encode_double_quoted_attribute(file.id.as_str());
    let size = file.size;
    let place = format!("s3://{}/{}", file.bucket, file.object_key);
    let place = encode_text(&place);
    let body = format!(
        "<h1>Sealed: <bdi>{name}</bdi></h1>\n\
         <p>The file was encrypted on the way and is stored in the bucket.</p>\n\
         <dl>\n<dt>Size</dt><dd>{size} bytes</dd>\n<dt>Object</dt><dd><code>{place}</code></dd>\n</dl>\n\
         <p><a href=\"/files/{id}\">Open the file</a>, or, without script, \
         <a href=\"/v1/files/{id}/content\">download it</a></p>\n\
         <p><a href=\"/\">Send another one</a></p>\n",
    );
    page("Sealed", &body)
}

/// Returns the page that says that the file was not sealed, and why.
pub(crate) fn refused(problem: &Problem) -> Response {
    let (title, detail) = (encode_text(&problem.title), encode_text(&problem.detail));
    let code = encode_text(&problem.code);
    let request_id = problem.request_id.as_deref().unwrap_or_default();
    let body = format!(
        "<h1>{title}</h1>\n<p>{detail}</p>\n\
         <dl>\n<dt>Code</dt><dd><code>{code}</code></dd>\n\
         <dt>Request</dt><dd><code>{}</code></dd>\n</dl>\n\
         <p><a href=\"/\">Back</a></p>\n",
        encode_text(request_id),
    );
    page("Not sealed", &body)
}

/// Replaces invisible marks and marks that turn the direction of writing by their numbers, because a
/// name must not look like another one.
fn visible(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => shown.push_str(&format!("[U+{:04X}]", u32::from(letter))),
            letter => shown.push(letter),
        }
    }
    shown
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

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use sealift_transfer::api::ProblemCode;

    use super::*;

    #[tokio::test]
    async fn what_a_refusal_says_is_text() {
        let page = refused(&ProblemCode::InvalidName.problem("<b>&"));
        let page = to_bytes(page.into_body(), 10_000).await.unwrap();
        let page = core::str::from_utf8(&page).unwrap();
        assert!(page.contains("&lt;b&gt;&amp;") && !page.contains("<b>"));
    }

    #[test]
    fn what_turns_the_direction_of_writing_is_shown_by_its_number() {
        assert_eq!(visible("invoice\u{202e}fdp.exe"), "invoice[U+202E]fdp.exe");
        assert_eq!(visible("ünì שלום.txt"), "ünì שלום.txt");
    }
}
