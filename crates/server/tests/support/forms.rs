//! Forms as browsers and curl send them.

use http::{Method, header};

use super::{Answer, Client};

/// One part of a form.
#[derive(Clone)]
pub(crate) struct Part {
    disposition: Vec<u8>,
    content_type: Option<String>,
    content: Vec<u8>,
}

impl Part {
    pub(crate) fn file(field: &str, name: &str, content: &[u8]) -> Self {
        let disposition = format!("form-data; name=\"{field}\"; filename=\"{name}\"");
        Self::with(&disposition, content)
    }

    pub(crate) fn field(field: &str, content: &[u8]) -> Self {
        Self::with(format!("form-data; name=\"{field}\""), content)
    }

    /// Makes a part with this whole Content-Disposition.
    pub(crate) fn with(disposition: impl AsRef<[u8]>, content: &[u8]) -> Self {
        Self {
            disposition: disposition.as_ref().to_owned(),
            content_type: None,
            content: content.to_vec(),
        }
    }

    pub(crate) fn of_type(self, content_type: &str) -> Self {
        Self {
            content_type: Some(content_type.to_owned()),
            ..self
        }
    }
}

const BOUNDARY: &str = "a-boundary-7d1f";

/// Returns the content type and the body of a form with these parts.
pub(crate) fn form(parts: &[Part]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for part in parts {
        let disposition = &part.disposition;
        body.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: ").as_bytes());
        body.extend_from_slice(disposition);
        body.extend_from_slice(b"\r\n");
        if let Some(content_type) = &part.content_type {
            body.extend_from_slice(format!("Content-Type: {content_type}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(&part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

pub(crate) async fn post_form(client: &Client, parts: &[Part]) -> Answer {
    let (content_type, body) = form(parts);
    let request = client.request(Method::POST, "/upload");
    Answer::to(
        request
            .header(header::CONTENT_TYPE, content_type)
            .body(body),
    )
    .await
}

pub(crate) async fn put_file(client: &Client, path: &str, content: &[u8]) -> Answer {
    let request = client.request(Method::PUT, path);
    Answer::to(request.body(content.to_vec())).await
}
