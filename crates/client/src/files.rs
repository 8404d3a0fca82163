//! What is there.

use http::Method;
use sealift_transfer::api::{FileId, FileList, FileRecord, Policy, files, policy};

use crate::{client::Client, error::RequestError};

impl Client {
    /// A file's record.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn file(&self, file: &FileId) -> Result<FileRecord, RequestError> {
        self.ask(self.get(&files::path(file)), self.patience.answer)
            .await
    }

    /// The caller's files, newest first; the next page by the `next_cursor` of the one before.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn files(&self, cursor: Option<&str>) -> Result<FileList, RequestError> {
        let path = match cursor {
            Some(cursor) => format!("{}?cursor={}", files::PATH, query_value(cursor)),
            None => files::PATH.to_owned(),
        };
        self.ask(self.get(&path), self.patience.answer).await
    }

    /// Deletes a file and its object.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn delete(&self, file: &FileId) -> Result<(), RequestError> {
        let request = self.request(Method::DELETE, &files::path(file));
        self.send(request, self.patience.answer).await.map(|_| ())
    }

    /// What the server takes.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn policy(&self) -> Result<Policy, RequestError> {
        self.ask(self.get(policy::PATH), self.patience.answer).await
    }
}

/// Cursors are opaque: whatever they hold stays one value of the query.
pub(crate) fn query_value(text: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_cannot_become_another_parameter() {
        assert_eq!(
            query_value("1700000000000-abc_D.~"),
            "1700000000000-abc_D.~"
        );
        assert_eq!(query_value("a&limit=9#é"), "a%26limit%3D9%23%C3%A9");
    }
}
