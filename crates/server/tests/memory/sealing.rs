//! Sends bodies that are made while they are sent, so that only the server's memory grows.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Method, header};
use sealift_server::{ResealWhich, reseal_files};
use sealift_transfer::api::FileRecord;

use crate::support::{Answer, Client, Stack};

const MIB: usize = 1024 * 1024;
/// Bytes of the body, many times more than the server may hold of it.
const LEN: usize = 256 * MIB;
/// The most memory that may be added. Two parts of 8 MiB and a frame, with everything that client,
/// parser, sockets, embedded store and allocator of the same process hold, measured 40 to 60 MiB, for a
/// body of 128 MiB as for one of 1 GiB. A file that is encrypted again, with three parts of 5 MiB and 24 MiB
/// of it that are read ahead, measured 60 to 70 MiB.
const MOST_GROWTH: usize = 96 * MIB;

/// The text that the plaintext repeats, so that any few bytes of it can be found.
const MARK: &[u8] = b"plaintext that no file may have\n";

/// Returns `LEN` bytes in pieces. At some pieces it also adds the files that the process has open to
/// `seen`.
fn plaintext(
    seen: Arc<Mutex<BTreeSet<PathBuf>>>,
) -> stream::BoxStream<'static, std::io::Result<Bytes>> {
    let piece = Bytes::from(MARK.repeat(64 * 1024 / MARK.len()));
    let pieces = LEN / piece.len();
    let looks = move |at: usize| {
        if at.is_multiple_of(256) {
            seen.lock().unwrap().extend(open_files());
        }
        Ok(piece.clone())
    };
    stream::iter(0..pieces).map(looks).boxed()
}

/// Returns the files that the process has open, without sockets and pipes.
fn open_files() -> BTreeSet<PathBuf> {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    let links = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links.filter(|path| path.is_file()).collect()
}

/// Returns the most memory that the process has had since [`forget_peak`].
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

async fn put(client: &Client, body: reqwest::Body) -> FileRecord {
    let request = client.request(Method::PUT, "/upload/large").body(body);
    Answer::to(request.header(header::ACCEPT, "application/json"))
        .await
        .json(201)
}

async fn post(client: &Client, body: reqwest::Body) -> FileRecord {
    let request = client.request(Method::POST, "/upload").body(body);
    let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
    Answer::to(request.header(header::ACCEPT, "application/json"))
        .await
        .json(201)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_any_length_takes_two_parts_and_a_frame_of_memory_and_no_file() {
    let stack = Stack::with(&[("frame_length", "256KiB"), ("part_length", "8MiB")]).await;
    let client = stack.client();
    let before = open_files();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    // This first upload makes everything that is made only once, so that it does not count.
    put(&client, MARK.to_vec().into()).await;
    let mut files = Vec::new();
    for is_form in [false, true] {
        forget_peak();
        let idle = peak();
        let file = plaintext(Arc::clone(&seen));
        let record = if is_form {
            let head = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
            let head = stream::iter([Ok(Bytes::from_static(head.as_bytes()))]);
            let tail = stream::iter([Ok(Bytes::from_static(b"\r\n--b--\r\n"))]);
            post(
                &client,
                reqwest::Body::wrap_stream(head.chain(file).chain(tail)),
            )
            .await
        } else {
            put(&client, reqwest::Body::wrap_stream(file)).await
        };
        assert_eq!(record.size, u64::try_from(LEN).unwrap());
        let growth = peak().saturating_sub(idle);
        println!("{} MiB over {} MiB", growth / MIB, idle / MIB);
        assert!(growth < MOST_GROWTH, "{} MiB", growth / MIB);
        files.push(record.id);
    }
    forget_peak();
    let idle = peak();
    let which = ResealWhich::Files(files);
    let report = reseal_files(&stack.config, &which, |_| ()).await.unwrap();
    assert_eq!((report.resealed, report.failed.len()), (2, 0));
    let growth = peak().saturating_sub(idle);
    println!("again: {} MiB over {} MiB", growth / MIB, idle / MIB);
    assert!(growth < MOST_GROWTH, "{} MiB", growth / MIB);
    let data = stack.config.data_dir.canonicalize().unwrap();
    let opened: Vec<_> = seen.lock().unwrap().difference(&before).cloned().collect();
    // The look found open files, because the store writes the parts.
    assert!(!opened.is_empty());
    for file in opened {
        assert!(file.starts_with(&data), "{}", file.display());
    }
    expect_no_plaintext(&data);
}

fn expect_no_plaintext(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            expect_no_plaintext(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            // The mark would be everywhere, so the beginning of every mebibyte is enough to search.
            let has_mark = bytes.chunks(MIB).any(|piece| {
                let beginning = piece.get(..4096).unwrap_or(piece);
                beginning.windows(MARK.len()).any(|at| at == MARK)
            });
            assert!(!has_mark, "{}", path.display());
        }
    }
}
