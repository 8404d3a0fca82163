//! Records whole requests, for tests of what exactly a client sends to its store.

use core::fmt;

use http::{HeaderMap, Method, request::Parts};

/// A whole request as the target got it. Debug leaves out the query and the headers, because they hold credentials.
#[derive(Clone)]
pub struct Recorded {
    /// The HTTP method.
    pub method: Method,
    /// The query, as it was sent.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if all of it has come.
    pub body: String,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body_len = self.body.len();
        write!(f, "Recorded({} with {body_len} bytes)", self.method)
    }
}

impl Recorded {
    pub(super) fn of(head: &Parts) -> Self {
        Self {
            method: head.method.clone(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            body: String::new(),
        }
    }

    pub(super) fn with_body(self, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body).into_owned();
        Self { body, ..self }
    }

    /// Returns the text of a header, or "" if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap_or_default())
    }
}
