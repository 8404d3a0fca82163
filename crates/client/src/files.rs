//! The requests for files and for the server's policy.

use core::mem;
use std::{collections::VecDeque, fmt::Write as _};

use futures::{Stream, stream};
use http::Method;
use sealift_transfer::api::{FileId, FileList, FileRecord, Policy, files, policy};

use crate::{client::Client, error::RequestError};

impl Client {
    /// Fetches a file's record.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn file(&self, file: &FileId) -> Result<FileRecord, RequestError> {
        self.ask(self.get(&files::path(file)), self.patience.answer)
            .await
    }

    /// Fetches a page of the caller's files, newest first. The `next_cursor` of a page is the `cursor`
    /// of the next one.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn files(&self, cursor: Option<&str>) -> Result<FileList, RequestError> {
        self.page_of_files(None, cursor).await
    }

    /// Works like [`Client::files`], but only for files whose name contains this text in any case. A
    /// page may be empty although more files follow.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn search(&self, text: &str, cursor: Option<&str>) -> Result<FileList, RequestError> {
        self.page_of_files(Some(text), cursor).await
    }

    /// Returns the caller's files of all pages, newest first. Each page is fetched when it is needed.
    /// If `text` is given, only files whose name contains it are returned. The stream ends after the
    /// first error.
    pub fn all_files(
        &self,
        text: Option<&str>,
    ) -> impl Stream<Item = Result<FileRecord, RequestError>> + Send + use<> {
        let pages = Pages {
            client: self.clone(),
            text: text.map(str::to_owned),
            page: VecDeque::new(),
            next: Next::First,
        };
        stream::unfold(pages, |mut pages| async move {
            let file = pages.file().await.transpose()?;
            if file.is_err() {
                pages.next = Next::Nothing;
            }
            Some((file, pages))
        })
    }

    /// Asks the server to open every frame of a file and compare it once more. Returns the present
    /// record; a later record has the result, see
    /// [`Verification`](sealift_transfer::api::Verification).
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn verify(&self, file: &FileId) -> Result<FileRecord, RequestError> {
        let request = self.request(Method::POST, &files::verify_path(file));
        self.ask(request, self.patience.answer).await
    }

    /// Deletes a file and its object.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn delete(&self, file: &FileId) -> Result<(), RequestError> {
        let request = self.request(Method::DELETE, &files::path(file));
        self.send(request, self.patience.answer).await.map(|_| ())
    }

    /// Fetches the limits of the server.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn policy(&self) -> Result<Policy, RequestError> {
        self.ask(self.get(policy::PATH), self.patience.answer).await
    }

    async fn page_of_files(
        &self,
        text: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<FileList, RequestError> {
        let mut path = files::PATH.to_owned();
        let values = [("search", text), ("cursor", cursor)];
        let values = values
            .iter()
            .filter_map(|(name, value)| Some((name, (*value)?)));
        for (before, (name, value)) in ['?', '&'].into_iter().zip(values) {
            // Writing to a string does not fail.
            let _ = write!(path, "{before}{name}={}", query_value(value));
        }
        self.ask(self.get(&path), self.patience.answer).await
    }
}

/// The files that were fetched and not returned yet, and the position of the next page.
struct Pages {
    client: Client,
    text: Option<String>,
    page: VecDeque<FileRecord>,
    next: Next,
}

enum Next {
    First,
    At(String),
    Nothing,
}

impl Pages {
    async fn file(&mut self) -> Result<Option<FileRecord>, RequestError> {
        loop {
            if let Some(file) = self.page.pop_front() {
                return Ok(Some(file));
            }
            let cursor = match mem::replace(&mut self.next, Next::Nothing) {
                Next::First => None,
                Next::At(cursor) => Some(cursor),
                Next::Nothing => return Ok(None),
            };
            let text = self.text.as_deref();
            let page = self.client.page_of_files(text, cursor.as_deref()).await?;
            self.page = page.files.into();
            if let Some(cursor) = page.next_cursor {
                self.next = Next::At(cursor);
            }
        }
    }
}

/// Encodes a text as one value of a query. Cursors are opaque, so any byte must be safe.
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
    use futures::StreamExt as _;

    use super::*;
    use crate::raw_server::{answer, listen, play};

    #[tokio::test]
    async fn files_of_all_pages_are_searched_also_behind_an_empty_one() {
        let (client, listener) = listen().await;
        let server = play(
            listener,
            vec![
                answer("200 OK\r\n", r#"{"files":[],"next_cursor":"a&b"}"#),
                answer("200 OK\r\n", r#"{"files":[]}"#),
            ],
        );
        let all: Vec<_> = client.all_files(Some("x y&cursor=z")).collect().await;
        assert!(all.is_empty());
        let asked = server.await.unwrap();
        let asked = asked.iter().map(|asked| asked.head.lines().next().unwrap());
        let expected = [
            "get /v1/files?search=x%20y%26cursor%3dz http/1.1",
            "get /v1/files?search=x%20y%26cursor%3dz&cursor=a%26b http/1.1",
        ];
        assert_eq!(asked.collect::<Vec<_>>(), expected);
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_had_is_an_error_and_the_end() {
        let (client, listener) = listen().await;
        play(listener, vec![answer("503 No\r\n", "")]);
        let all: Vec<_> = client.all_files(None).collect().await;
        assert!(matches!(*all, [Err(_)]), "{all:?}");
    }

    #[test]
    fn a_cursor_cannot_become_another_parameter() {
        assert_eq!(
            query_value("1700000000000-abc_D.~"),
            "1700000000000-abc_D.~"
        );
        assert_eq!(query_value("a&limit=9#é"), "a%26limit%3D9%23%C3%A9");
    }
}
