//! Sends parts to the store.

use bytes::Bytes;
use futures::StreamExt as _;
use http::header;
use reqwest::{Body, Response};
use sealift_transfer::api::SignedPart;
use tokio::{sync::watch, time::timeout};

use crate::{
    client::Client,
    error::{Peer, RequestError},
    request::retry_after_ms,
    sealed_part::SealedPart,
};

/// The most bytes of an S3 error body. Only the code is used, and it comes first.
const MOST_ERROR_BYTES: usize = 64 * 1024;

impl Client {
    /// Sends a part's sealed bytes by its presigned PUT, with the signed headers and the content
    /// length, but without the caller's credential. No redirect is followed.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the PUT fails or is refused. The error does not hold the address.
    pub async fn put_part(&self, signed: &SignedPart, sealed: Bytes) -> Result<(), RequestError> {
        self.put(signed, SealedPart::InMemory(sealed)).await
    }

    /// Sends a part like [`Client::put_part`], from memory or from a file.
    pub(crate) async fn put(
        &self,
        signed: &SignedPart,
        sealed: SealedPart,
    ) -> Result<(), RequestError> {
        let (pulled, mut pulls) = watch::channel(());
        let len = sealed.len();
        let body = sealed.pieces().inspect(move |_| pulled.send_replace(()));
        let mut request = self
            .http
            .put(&signed.url)
            // Stores do not accept chunked bodies in presigned PUTs, and the length is signed.
            .header(header::CONTENT_LENGTH, len);
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        let answer = request.body(Body::wrap_stream(body)).send();
        let mut answer = core::pin::pin!(answer);
        // The loop runs until the connection has taken the last piece, or an answer arrives early.
        let early = loop {
            tokio::select! {
                early = &mut answer => break Some(early),
                pull = timeout(self.patience.stall, pulls.changed()) => match pull {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => break None,
                    Err(_) => return Err(RequestError::silent(Peer::Store, self.patience.stall)),
                },
            }
        };
        let answer = match early {
            Some(early) => early,
            None => timeout(self.patience.answer, answer)
                .await
                .map_err(|_| RequestError::silent(Peer::Store, self.patience.answer))?,
        };
        let answer = answer.map_err(|error| RequestError::no_answer(Peer::Store, error))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let status = answer.status().as_u16();
        let retry_after_ms = retry_after_ms(&answer);
        let code = self.error_code(answer).await;
        Err(RequestError::StoreRefused {
            status,
            code: code.unwrap_or_else(|| "unknown".to_owned()),
            retry_after_ms,
        })
    }

    async fn error_code(&self, answer: Response) -> Option<String> {
        let body = self.body(answer, MOST_ERROR_BYTES).await.ok()?;
        code_of(&String::from_utf8_lossy(&body)).map(str::to_owned)
    }
}

/// Returns S3's name of an error. The rest of the body repeats the signed request and is not kept.
fn code_of(xml: &str) -> Option<&str> {
    let (_, rest) = xml.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_a_name =
        |code: &str| code.len() <= 64 && code.bytes().all(|c| c.is_ascii_alphanumeric());
    Some(code).filter(|code| is_a_name(code))
}

#[cfg(test)]
mod tests;
