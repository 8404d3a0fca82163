//! The common steps of all requests to the server.

use http::{Method, header};
use reqwest::{RequestBuilder, Response};
use sealift_transfer::api::{Problem, problem};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Duration, timeout};
use zeroize::Zeroizing;

use crate::{
    client::Client,
    error::{Peer, RequestError},
};

/// The most bytes of an answer. The largest honest answers are lists of files with metadata and
/// statuses of 10,000 parts.
const MOST_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// The most bytes of a problem, which is only a few sentences.
const MOST_PROBLEM_BYTES: usize = 64 * 1024;

impl Client {
    /// Makes a request to an API path, with the caller's credential.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.server.at(path));
        match self.credential.authorization() {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// Sends a request and reads the JSON body of a successful answer.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        patience: Duration,
    ) -> Result<T, RequestError> {
        let (status, body) = self.ask_for_bytes(request, patience).await?;
        serde_json::from_slice(&body).map_err(|error| {
            let cause = Box::new(error);
            RequestError::Incomprehensible { status, cause }
        })
    }

    /// Sends a request and returns the status and the body of a successful answer.
    pub(crate) async fn ask_for_bytes(
        &self,
        request: RequestBuilder,
        patience: Duration,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), RequestError> {
        let answer = self.send(request, patience).await?;
        let status = answer.status().as_u16();
        Ok((status, self.body(answer, MOST_ANSWER_BYTES).await?))
    }

    /// Sends a request. Any answer other than success becomes an error that says why.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        patience: Duration,
    ) -> Result<Response, RequestError> {
        let answer = match timeout(patience, request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(RequestError::no_answer(Peer::Server, error)),
            Err(_) => return Err(RequestError::silent(Peer::Server, patience)),
        };
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let retry_after_ms = retry_after_ms(&answer);
        let is_problem = answer
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| {
                kind.as_bytes()
                    .starts_with(problem::CONTENT_TYPE.as_bytes())
            });
        let body = self.body(answer, MOST_PROBLEM_BYTES).await.ok();
        let problem = body
            .filter(|_| is_problem)
            .and_then(|body| serde_json::from_slice::<Problem>(&body).ok());
        Err(match problem {
            Some(problem) => RequestError::Refused {
                problem: Box::new(problem),
                status,
                retry_after_ms,
            },
            None => RequestError::NotSealift {
                status,
                retry_after_ms,
            },
        })
    }

    /// Reads a whole body. The bytes are wiped when dropped, because they may hold a key. (The buffers
    /// of the HTTP library are out of reach.)
    pub(crate) async fn body(
        &self,
        mut answer: Response,
        most_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, RequestError> {
        let status = answer.status().as_u16();
        // If the length is known, all memory is reserved at once, because a growing vector would leave
        // copies behind.
        let announced = answer.content_length().and_then(|len| len.try_into().ok());
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(0).min(most_bytes)));
        loop {
            match timeout(self.patience.stall, answer.chunk()).await {
                Ok(Ok(Some(piece))) if body.len().saturating_add(piece.len()) > most_bytes => {
                    let cause = Box::new(TooLong { most_bytes });
                    return Err(RequestError::Incomprehensible { status, cause });
                }
                Ok(Ok(Some(piece))) => body.extend_from_slice(&piece),
                Ok(Ok(None)) => return Ok(body),
                Ok(Err(error)) => return Err(RequestError::no_answer(Peer::Server, error)),
                Err(_) => return Err(RequestError::silent(Peer::Server, self.patience.stall)),
            }
        }
    }
}

/// Returns a `Retry-After` of seconds, in milliseconds. A `Retry-After` with a date gives `None`, and
/// the back-off decides.
pub(crate) fn retry_after_ms(answer: &Response) -> Option<u64> {
    let seconds = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse::<u64>().ok()?.checked_mul(1_000)
}

#[derive(Debug, thiserror::Error)]
#[error("it has more than {most_bytes} bytes")]
struct TooLong {
    most_bytes: usize,
}

#[cfg(test)]
mod tests;
