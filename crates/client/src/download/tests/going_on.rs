//! Connections that break, and what comes of the download.

use std::{fs, path::PathBuf};

use futures::future::join_all;
use sealift_transfer::api::{FileRecord, ProblemCode, UploadId, Verification, problem};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::raw_server::{Asked, answer, listen, play};

const PLAINTEXT: &str = "0123456789";
/// Of [`PLAINTEXT`].
const SHA256: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

const KEEPING: SaveOptions = SaveOptions {
    resumes: true,
    replaces: false,
};
const PASSING: SaveOptions = SaveOptions {
    resumes: false,
    replaces: false,
};

/// The first `came` bytes of an answer with these bytes of the file, and then no more.
fn broken(etag: &str, range: Range<usize>, came: usize) -> String {
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

fn whole(etag: &str, range: Range<usize>) -> String {
    let len = range.len();
    broken(etag, range, len)
}

/// The record of the file, whose frames were all opened.
fn record(plaintext_sha256: &str) -> String {
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
    };
    answer("200 OK\r\n", &serde_json::to_string(&record).unwrap())
}

fn refused(code: ProblemCode) -> String {
    let problem = serde_json::to_string(&code.problem("No.")).unwrap();
    let head = format!(
        "{} No\r\ncontent-type: {}\r\n",
        code.status(),
        problem::CONTENT_TYPE
    );
    answer(&head, &problem)
}

fn forbidden() -> String {
    refused(ProblemCode::Forbidden)
}

struct Place {
    folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        Self { folder, path }
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// Saves from a server that gives these answers; given up at the first failure if so wished.
    async fn save(
        &self,
        answers: Vec<String>,
        options: SaveOptions,
        is_patient: bool,
    ) -> (Result<Downloaded, DownloadError>, Vec<Asked>) {
        let (client, listener) = listen().await;
        let server = play(listener, answers);
        let cancel = CancellationToken::new();
        let impatient = cancel.clone();
        let progress = move |progress: DownloadProgress| {
            if progress.retries_in_ms.is_some() && !is_patient {
                impatient.cancel();
            }
        };
        let file = file_id();
        let saved = client.save(&file, &self.path, options, progress, cancel);
        let saved = saved.await;
        (saved, server.await.unwrap())
    }

    fn assert_whole(&self) {
        assert_eq!(fs::read_to_string(&self.path).unwrap(), PLAINTEXT);
        assert_eq!(self.names(), ["a"]);
    }
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let mut lines = asked.head.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn wherever_the_connection_breaks_only_the_rest_is_asked_for() {
    let cuts = (0..PLAINTEXT.len()).map(|came| async move {
        let place = Place::new();
        let answers = vec![
            broken("\"m\"", 0..10, came),
            whole("\"m\"", came..10),
            forbidden(),
        ];
        let (saved, asked) = place.save(answers, PASSING, true).await;
        let saved = saved.unwrap();
        assert_eq!((saved.plaintext_len, &*saved.sha256), (10, SHA256));
        assert!(!saved.is_compared);
        place.assert_whole();
        let rest = (came > 0).then(|| format!("bytes={came}-"));
        assert_eq!(header(&asked[1], "range"), rest.as_deref());
        let same = rest.map(|_| "\"m\"");
        assert_eq!(header(&asked[1], "if-range"), same);
    });
    join_all(cuts).await;
}

#[tokio::test]
async fn another_message_is_not_joined_to_what_came() {
    for second in [
        // The server minds If-Range, and something in between does not.
        whole("\"n\"", 0..10),
        whole("\"n\"", 4..10),
    ] {
        let place = Place::new();
        let answers = vec![broken("\"m\"", 0..10, 4), second];
        let (saved, _) = place.save(answers, KEEPING, true).await;
        assert!(matches!(saved, Err(DownloadError::Replaced)), "{saved:?}");
        assert!(place.names().is_empty());
    }
}

#[tokio::test]
async fn without_a_strong_etag_nothing_is_joined() {
    for etag in ["W/\"m\"", ""] {
        let place = Place::new();
        let (client, listener) = listen().await;
        // The rest is there for who asks.
        let answers = vec![broken(etag, 0..10, 4), whole(etag, 4..10)];
        let server = play(listener, answers);
        let (file, cancel) = (file_id(), CancellationToken::new());
        let saved = client.save(&file, &place.path, PASSING, |_| {}, cancel);
        let saved = saved.await;
        server.abort();
        let Err(DownloadError::Cut {
            got_bytes: 4,
            expected_bytes: 10,
            ..
        }) = saved
        else {
            panic!("{saved:?}");
        };
        assert!(place.names().is_empty());
    }
}

#[tokio::test]
async fn a_later_download_goes_on_with_what_an_earlier_one_got() {
    let place = Place::new();
    let (saved, _) = place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await;
    assert!(matches!(saved, Err(DownloadError::Cancelled)), "{saved:?}");
    assert_eq!(place.names(), ["a.sealift-part"]);

    let answers = vec![whole("\"m\"", 6..10), record(SHA256)];
    let (saved, asked) = place.save(answers, KEEPING, true).await;
    assert!(saved.unwrap().is_compared);
    place.assert_whole();
    assert_eq!(header(&asked[0], "range"), Some("bytes=6-"));
    assert_eq!(header(&asked[0], "if-range"), Some("\"m\""));
}

#[tokio::test]
async fn a_later_download_begins_anew_where_the_file_was_replaced() {
    let place = Place::new();
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let answers = vec![whole("\"n\"", 0..10), record(SHA256)];
    let (saved, asked) = place.save(answers, KEEPING, true).await;
    assert!(saved.unwrap().is_compared);
    place.assert_whole();
    assert_eq!(header(&asked[0], "range"), Some("bytes=6-"));
}

#[tokio::test]
async fn what_is_left_of_another_file_is_not_used() {
    let place = Place::new();
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let state = Client::unfinished_path(&place.path).join("state.json");
    let other = FileId::from_random([9; 16]);
    let text = fs::read_to_string(&state).unwrap();
    fs::write(&state, text.replace(file_id().as_str(), other.as_str())).unwrap();
    let answers = vec![whole("\"m\"", 0..10), forbidden()];
    let (saved, asked) = place.save(answers, KEEPING, true).await;
    saved.unwrap();
    place.assert_whole();
    assert_eq!(header(&asked[0], "range"), None);
}

#[tokio::test]
async fn what_was_altered_on_disk_between_two_downloads_is_found() {
    let place = Place::new();
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = Client::unfinished_path(&place.path);
    fs::write(part.join("plaintext"), "01x345").unwrap();
    let answers = vec![whole("\"m\"", 6..10), record(SHA256)];
    let (saved, _) = place.save(answers, KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Differs { .. })),
        "{saved:?}"
    );
    assert!(place.names().is_empty());
}

#[tokio::test]
async fn what_is_not_the_verified_plaintext_gets_no_name() {
    let place = Place::new();
    let other = SHA256.replace('8', "9");
    let answers = vec![whole("\"m\"", 0..10), record(&other)];
    let (saved, _) = place.save(answers, PASSING, true).await;
    let Err(DownloadError::Differs { got, recorded }) = saved else {
        panic!("{saved:?}");
    };
    assert_eq!((&*got, recorded), (SHA256, other));
    assert!(place.names().is_empty());
}

#[tokio::test]
async fn a_damaged_object_is_not_asked_for_again_and_leaves_nothing() {
    for code in [ProblemCode::ObjectDamaged, ProblemCode::ObjectReplaced] {
        let place = Place::new();
        let answers = vec![broken("\"m\"", 0..10, 4), refused(code)];
        let (saved, _) = place.save(answers, KEEPING, true).await;
        let Err(DownloadError::Request(error)) = saved else {
            panic!("{saved:?}");
        };
        assert_eq!(error.problem().unwrap().known_code(), Some(code));
        assert!(place.names().is_empty());
    }
}

#[tokio::test]
async fn nothing_is_replaced_unless_that_is_wished() {
    let place = Place::new();
    fs::write(&place.path, "old").unwrap();
    let (saved, _) = place.save(Vec::new(), KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Exists { .. })),
        "{saved:?}"
    );
    let replacing = SaveOptions {
        replaces: true,
        ..KEEPING
    };
    let answers = vec![whole("\"m\"", 0..10), forbidden()];
    place.save(answers, replacing, true).await.0.unwrap();
    place.assert_whole();
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_it_before_or_after() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = Client::unfinished_path(&place.path);
    assert_eq!(mode(part.clone()), 0o700);
    assert_eq!(mode(part.join("plaintext")), 0o600);
    let answers = vec![whole("\"m\"", 6..10), forbidden()];
    place.save(answers, KEEPING, true).await.0.unwrap();
    assert_eq!(mode(place.path), 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_others_may_read_and_a_link_are_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = Place::new();
    let part = Client::unfinished_path(&place.path);
    let theirs = tempfile::tempdir().unwrap();
    let refused = async || {
        let (saved, _) = place.save(Vec::new(), KEEPING, true).await;
        assert!(
            matches!(saved, Err(DownloadError::NotOurs { .. })),
            "{saved:?}"
        );
        assert_eq!(fs::read_dir(theirs.path()).unwrap().count(), 0);
    };
    symlink(theirs.path(), &part).unwrap();
    refused().await;
    fs::remove_file(&part).unwrap();
    fs::create_dir(&part).unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o755)).unwrap();
    refused().await;
}

#[tokio::test]
async fn two_downloads_to_one_place_do_not_mix() {
    let place = Place::new();
    place
        .save(vec![broken("\"m\"", 0..10, 6)], KEEPING, false)
        .await
        .0
        .unwrap_err();
    let part = Client::unfinished_path(&place.path).join("plaintext");
    let other = fs::File::open(&part).unwrap();
    other.lock().unwrap();
    let (saved, _) = place.save(Vec::new(), KEEPING, true).await;
    assert!(
        matches!(saved, Err(DownloadError::Busy { .. })),
        "{saved:?}"
    );
    assert_eq!(fs::read_to_string(part).unwrap(), "012345");
}

#[tokio::test]
async fn a_range_goes_on_within_itself() {
    let (client, listener) = listen().await;
    let answers = vec![broken("\"m\"", 3..9, 2), whole("\"m\"", 5..9)];
    let server = play(listener, answers);
    let mut output = Vec::new();
    let mut told = DownloadProgress::default();
    let heard = |progress| told = progress;
    let file = file_id();
    let came = client.download_into(
        &file,
        Some(3..9),
        &mut output,
        heard,
        CancellationToken::new(),
    );
    assert_eq!(came.await.unwrap().plaintext_len, 6);
    assert_eq!(output, b"345678");
    assert_eq!((told.got_plaintext_len, told.plaintext_len), (6, 6));
    let asked = server.await.unwrap();
    assert_eq!(header(&asked[0], "range"), Some("bytes=3-8"));
    assert_eq!(header(&asked[1], "range"), Some("bytes=5-8"));
}
