//! Reads a file's content with a plain HTTP client.

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use sealift_transfer::api::{FileId, Problem, problem};

use crate::Stack;

/// The result of reading.
#[derive(Debug)]
pub enum Reading {
    /// The answer came whole.
    Whole {
        /// 200 or 206.
        status: StatusCode,
        /// The headers of the answer.
        headers: HeaderMap,
        /// The body of the answer.
        body: Bytes,
    },
    /// The connection broke before the end of the answer, so no client takes the body for complete.
    BrokenOff {
        /// The bytes that came before the break.
        body: Bytes,
    },
    /// The server answered with a Problem.
    Refused(Problem),
}

/// Reads the whole content, or the range that `range`, the value of a `Range` header, asks for.
///
/// # Errors
/// Fails if the answer is neither content nor a Problem.
pub async fn read_content(stack: &Stack, file: &FileId, range: Option<&str>) -> Result<Reading> {
    let mut request = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .get(stack.content_url(file));
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    let mut answer = match request.send().await {
        Ok(answer) => answer,
        // The connection broke before the answer's head was sent.
        Err(error) if error.is_request() && !error.is_connect() => {
            return Ok(Reading::BrokenOff { body: Bytes::new() });
        }
        Err(error) => return Err(error.into()),
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    if !status.is_success() {
        let kind = headers.get(header::CONTENT_TYPE);
        anyhow::ensure!(
            kind.is_some_and(|kind| kind == problem::CONTENT_TYPE),
            "an error without a Problem: {status}"
        );
        return Ok(Reading::Refused(answer.json().await?));
    }
    let mut body = BytesMut::new();
    loop {
        match answer.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break,
            Err(_) => {
                let body = body.freeze();
                return Ok(Reading::BrokenOff { body });
            }
        }
    }
    let body = body.freeze();
    Ok(Reading::Whole {
        status,
        headers,
        body,
    })
}

impl Reading {
    /// Returns the body if it came whole.
    ///
    /// # Errors
    /// Fails with the reason if the body did not come whole.
    pub fn whole(self) -> Result<Bytes> {
        match self {
            Self::Whole { body, .. } => Ok(body),
            Self::BrokenOff { body } => anyhow::bail!("broken off after {} bytes", body.len()),
            Self::Refused(problem) => anyhow::bail!("refused: {problem}"),
        }
    }
}
