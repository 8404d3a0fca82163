//! What a plain HTTP client gets when it reads a file's content.

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use sealift_transfer::api::{FileId, Problem, problem};

use crate::Stack;

/// How reading ended.
#[derive(Debug)]
pub enum Reading {
    /// All that the answer promised came.
    Whole {
        /// 200 or 206.
        status: StatusCode,
        /// Of the answer.
        headers: HeaderMap,
        /// Its body.
        body: Bytes,
    },
    /// The connection broke before the answer's end: no client takes it for all.
    BrokenOff {
        /// What came until then.
        body: Bytes,
    },
    /// A Problem came instead.
    Refused(Problem),
}

/// Reads the content, or the range that the value of a `Range` header asks for.
///
/// # Errors
/// Where the answer is neither content nor a Problem.
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
        // Broken off before the answer's head had left.
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
    /// The whole body.
    ///
    /// # Errors
    /// Where it did not come whole; says why.
    pub fn whole(self) -> Result<Bytes> {
        match self {
            Self::Whole { body, .. } => Ok(body),
            Self::BrokenOff { body } => anyhow::bail!("broken off after {} bytes", body.len()),
            Self::Refused(problem) => anyhow::bail!("refused: {problem}"),
        }
    }
}
