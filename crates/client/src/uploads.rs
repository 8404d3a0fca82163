//! The single requests of an upload. [`Client::upload`](crate::Client::upload) makes all of them in
//! order, and retries them if that helps.

use http::Method;
use sealift_message::{ContentKey, DecryptError};
use sealift_transfer::api::{
    CompleteUpload, FileRecord, OpenUpload, OpenedUpload, SignParts, SignedParts, UploadId,
    UploadList, UploadStatus, UploadSummary, complete, open, sign, status,
};

use crate::{client::Client, error::RequestError, files::query_value};

impl Client {
    /// Opens an upload. The answer holds the content key, unless the client token was used before.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn open_upload(&self, request: &OpenUpload) -> Result<OpenedUpload, RequestError> {
        let request = self.post(open::PATH, request);
        self.ask(request, self.patience.answer).await
    }

    /// Asks for the signatures of parts whose sealed bytes are ready. The server signs all or none.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn sign_parts(
        &self,
        upload_id: &UploadId,
        parts: &SignParts,
    ) -> Result<SignedParts, RequestError> {
        let request = self.post(&sign::path(upload_id), parts);
        self.ask(request, self.patience.answer).await
    }

    /// Completes an upload and returns the file's record, which is the same each time.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn complete(
        &self,
        upload_id: &UploadId,
        request: &CompleteUpload,
    ) -> Result<FileRecord, RequestError> {
        let request = self.post(&complete::path(upload_id), request);
        self.ask(request, self.patience.completion).await
    }

    /// Aborts an upload.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn abort(&self, upload_id: &UploadId) -> Result<(), RequestError> {
        let request = self.request(Method::DELETE, &status::path(upload_id));
        self.send(request, self.patience.answer).await.map(|_| ())
    }

    /// Fetches the status of an upload.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn status(&self, upload_id: &UploadId) -> Result<UploadStatus, RequestError> {
        let request = self.get(&status::path(upload_id));
        self.ask(request, self.patience.answer).await
    }

    /// Fetches the caller's uploads that can be resumed, newest first, from all pages.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn unfinished(&self) -> Result<Vec<UploadSummary>, RequestError> {
        let mut uploads = Vec::new();
        let mut path = open::PATH.to_owned();
        loop {
            let page = self.ask(self.get(&path), self.patience.answer);
            let page: UploadList = page.await?;
            uploads.extend(page.uploads);
            let Some(cursor) = page.next_cursor else {
                return Ok(uploads);
            };
            path = format!("{}?cursor={}", open::PATH, query_value(&cursor));
        }
    }

    /// Fetches the content key of an open upload again.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn key(&self, upload_id: &UploadId) -> Result<ContentKey, RequestError> {
        let request = self.request(Method::POST, &status::key_path(upload_id));
        let answer = self.send(request, self.patience.answer).await?;
        let status = answer.status().as_u16();
        let body = self.body(answer, KEY_LEN).await?;
        ContentKey::try_from(body.as_slice()).map_err(|error: DecryptError| {
            let cause = Box::new(error);
            RequestError::Incomprehensible { status, cause }
        })
    }
}

/// The number of raw bytes of a content key.
const KEY_LEN: usize = 32;
