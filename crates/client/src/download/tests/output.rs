//! Answers of a server, and a folder for the downloaded file.

use std::{fs, path::PathBuf};

use sealift_transfer::api::{FileRecord, ProblemCode, UploadId, Verification, problem};
use tempfile::TempDir;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::raw_server::{Asked, answer, listen, play};

pub(super) const PLAINTEXT: &str = "0123456789";
/// SHA-256 of [`PLAINTEXT`].
pub(super) const SHA256: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

pub(super) const KEEPING: SaveOptions = SaveOptions {
    resumes: true,
    if_exists: IfExists::Refuse,
};
pub(super) const PASSING: SaveOptions = SaveOptions {
    resumes: false,
    if_exists: IfExists::Refuse,
};

/// Returns an answer with these bytes of the file, cut off after `came` bytes of its body.
pub(super) fn broken(etag: &str, range: Range<usize>, came: usize) -> String {
    let all = PLAINTEXT.len();
    let head = match range.start {
        0 => "HTTP/1.1 200 OK\r\n".to_owned(),
        start => format!(
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {start}-{}/{all}\r\n",
            range.end - 1
        ),
    };
    let len = range.len();
    let body = PLAINTEXT.get(range.start..range.start + came).unwrap();
    format!("{head}etag: {etag}\r\ncontent-length: {len}\r\n\r\n{body}")
}

pub(super) fn whole(etag: &str, range: Range<usize>) -> String {
    let len = range.len();
    broken(etag, range, len)
}

/// Returns an answer with the record of the file, whose frames were all opened.
pub(super) fn record(plaintext_sha256: &str) -> String {
    let record = FileRecord {
        id: file_id(),
        upload_id: UploadId::from_random([2; 16]),
        name: "a".into(),
        content_type: None,
        size: 10,
        sealed_size: 1000,
        metadata: None,
        reference: None,
        uploaded_at_ms: 0,
        verification: Verification::Verified {
            at_ms: 0,
            plaintext_sha256: plaintext_sha256.into(),
        },
        bucket: "b".into(),
        object_key: "o".into(),
        etag: "e".into(),
        version: None,
        encrypted_data_key: Vec::new(),
        encryption_context: Default::default(),
        unreadable: Vec::new(),
    };
    answer("200 OK\r\n", &serde_json::to_string(&record).unwrap())
}

pub(super) fn refused(code: ProblemCode) -> String {
    let problem = serde_json::to_string(&code.problem("No.")).unwrap();
    let head = format!(
        "{} No\r\ncontent-type: {}\r\n",
        code.status(),
        problem::CONTENT_TYPE
    );
    answer(&head, &problem)
}

pub(super) fn forbidden() -> String {
    refused(ProblemCode::Forbidden)
}

pub(super) struct Output {
    pub(super) folder: TempDir,
    pub(super) path: PathBuf,
}

impl Output {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        Self { folder, path }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// Returns the folder of the unfinished download.
    pub(super) fn part(&self) -> PathBuf {
        Client::unfinished_path(&self.path, &file_id())
    }

    pub(super) fn part_name(&self) -> String {
        format!("a.{}.sealift-part", file_id())
    }

    /// Saves the file from a server that gives these answers. Unless `is_patient`, the download is
    /// cancelled at the first failure.
    pub(super) async fn save(
        &self,
        answers: Vec<String>,
        options: SaveOptions,
        is_patient: bool,
    ) -> (Result<Downloaded, DownloadError>, Vec<Asked>) {
        let file = file_id();
        let (saved, asked) = self.save_of(&file, answers, options, is_patient).await;
        (saved.map(|saved| saved.downloaded), asked)
    }

    pub(super) async fn save_of(
        &self,
        file: &FileId,
        answers: Vec<String>,
        options: SaveOptions,
        is_patient: bool,
    ) -> (Result<Saved, DownloadError>, Vec<Asked>) {
        let (client, listener) = listen().await;
        let server = play(listener, answers);
        let cancel = CancellationToken::new();
        let impatient = cancel.clone();
        let progress = move |progress: DownloadProgress| {
            if progress.retries_in_ms.is_some() && !is_patient {
                impatient.cancel();
            }
        };
        let saved = client.save(file, &self.path, options, progress, cancel);
        let saved = saved.await;
        // The server task may still be about to end after its last answer. It must not wait for another
        // request.
        yield_now().await;
        assert!(server.is_finished(), "{saved:?}, and not all was asked for");
        (saved, server.await.unwrap())
    }

    pub(super) fn assert_whole(&self) {
        assert_eq!(fs::read_to_string(&self.path).unwrap(), PLAINTEXT);
        assert_eq!(self.names(), ["a"]);
    }
}

pub(super) fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let mut lines = asked.head.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
