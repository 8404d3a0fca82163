//! What is there.

use core::mem;
use std::{collections::VecDeque, fmt::Write as _};

use futures::{Stream, stream};
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
        self.page_of_files(None, cursor).await
    }

    /// As [`Client::files`], of those whose name has this text, whatever its case. A page may be
    /// empty although more follow.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn search(&self, text: &str, cursor: Option<&str>) -> Result<FileList, RequestError> {
        self.page_of_files(Some(text), cursor).await
    }

    /// The caller's files of all pages, newest first, each page when it is wanted; of those whose
    /// name has `text`, where that is given. Ends after the first error.
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

    /// Has every frame of a file opened and compared once more; the record as it stands. What was
    /// found is in the record later: see [`Verification`](sealift_transfer::api::Verification).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn verify(&self, file: &FileId) -> Result<FileRecord, RequestError> {
        let request = self.request(Method::POST, &files::verify_path(file));
        self.ask(request, self.patience.answer).await
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

/// The files that were fetched and not given yet, and where the next come from.
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
