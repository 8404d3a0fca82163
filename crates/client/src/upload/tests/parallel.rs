//! Uploads of many parts, to a server that keeps what it gets.

use core::future::pending;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sealift_transfer::api::{Sha256, SignParts};
use tokio::{io::AsyncWriteExt as _, sync::Notify, task::JoinHandle, time::timeout};

use super::*;
use crate::{part_buffers::PartBuffers, raw_server::read};

/// Longer than any of these uploads.
const PATIENCE: Duration = Duration::from_secs(60);
/// Plaintext bytes of a part.
const PART: usize = 2 * 4096;
/// Together more than a small file, because the requests of small files go in batches.
const PARTS: usize = 130;
/// More sealed bytes than a part of this plan has, and fewer than two have.
const ROOM: u32 = 9000;

/// Parts by upload and number.
type Parts = BTreeMap<(String, usize), Vec<u8>>;

/// The server's memory.
#[derive(Default)]
struct Kept {
    uploads: AtomicUsize,
    signed: Mutex<BTreeMap<(String, usize), Sha256>>,
    puts: Mutex<Vec<(String, usize)>>,
    parts: Mutex<Parts>,
    aborted: AtomicUsize,
    put_came: Notify,
}

/// Returns `/upload/number` of an address as the key of the part.
fn part_in(path: &str) -> (String, usize) {
    let (upload, number) = path.rsplit_once('/').unwrap();
    let (_, upload) = upload.rsplit_once('/').unwrap();
    (upload.to_owned(), number.parse().unwrap())
}

/// Starts the server. `put` gets the part and the number of its PUT, and returns the status of the answer, or waits.
async fn serve<F>(
    put: impl Fn(Arc<Kept>, usize, usize) -> F + Send + Sync + 'static,
) -> (Client, Arc<Kept>, JoinHandle<()>)
where
    F: Future<Output = u16> + Send,
{
    let (client, listener) = listen().await;
    let (kept, put, ours) = (Arc::new(Kept::default()), Arc::new(put), client.clone());
    let seen = kept.clone();
    let server = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (kept, put, client) = (seen.clone(), put.clone(), ours.clone());
            tokio::spawn(async move {
                let asked = read(&mut connection).await;
                let answer = answer_to(&kept, &client, &asked, put.as_ref()).await;
                // The client may have gone by then.
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    (client, kept, server)
}

async fn answer_to<F: Future<Output = u16>>(
    kept: &Arc<Kept>,
    client: &Client,
    asked: &Asked,
    put: &impl Fn(Arc<Kept>, usize, usize) -> F,
) -> String {
    let what = asked.what();
    let (method, path) = what.split_once(' ').unwrap();
    match method {
        "put" => {
            let part = part_in(path);
            let earlier = {
                let mut puts = kept.puts.lock().unwrap();
                puts.push(part.clone());
                puts.iter().filter(|other| **other == part).count() - 1
            };
            kept.put_came.notify_waiters();
            assert_eq!(kept.signed.lock().unwrap()[&part], Sha256::of(&asked.body));
            let status = put(kept.clone(), part.1, earlier).await;
            if status == 200 {
                let body = asked.body.clone();
                kept.parts.lock().unwrap().insert(part, body);
            }
            answer(&format!("{status} Done\r\n"), "")
        }
        "post" if path == "/v1/uploads" => {
            let request: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
            let number = kept.uploads.fetch_add(1, Ordering::Relaxed);
            let opened = opened();
            let header = Header::parse_own(&opened.header).unwrap();
            json(&OpenedUpload {
                upload_id: UploadId::from_random([u8::try_from(number).unwrap(); 16]),
                plan: plan(&header, request["size"].as_u64().unwrap()),
                ..opened
            })
        }
        "post" if path.ends_with("/parts") => {
            let upload = path.split('/').nth(3).unwrap();
            let SignParts(receipts) = serde_json::from_slice(&asked.body).unwrap();
            let parts = receipts.into_iter().map(|receipt| {
                let number = receipt.number;
                let part = (upload.to_owned(), usize::from(number.get()));
                let mut signed = kept.signed.lock().unwrap();
                // A part has one ciphertext (docs/FORMAT.md, R2).
                assert_eq!(
                    *signed.entry(part).or_insert(receipt.sha256),
                    receipt.sha256
                );
                SignedPart {
                    number,
                    url: client.server.at(&format!("/store/{upload}/{number}")),
                    headers: BTreeMap::new(),
                    expires_at_ms: 0,
                    expires_in_ms: Some(900_000),
                }
            });
            json(&SignedParts {
                parts: parts.collect(),
                expires_at_ms: 0,
            })
        }
        "post" => json(&record()),
        _ => {
            kept.aborted.fetch_add(1, Ordering::Relaxed);
            done()
        }
    }
}

/// A source that notes where it is read.
#[derive(Clone)]
struct Noted {
    plaintext: Bytes,
    reads: Arc<Mutex<Vec<u64>>>,
}

impl Noted {
    fn new() -> Self {
        let words = 0_u32..;
        // The final frame is not empty, so that each part has two reads.
        let plaintext = words.flat_map(u32::to_be_bytes).take(PARTS * PART - 1);
        Self {
            plaintext: plaintext.collect(),
            reads: Arc::default(),
        }
    }

    /// Returns the positions that were read. Panics if one was read twice.
    fn reads(&self) -> BTreeSet<u64> {
        let reads = self.reads.lock().unwrap();
        let once: BTreeSet<_> = reads.iter().copied().collect();
        assert_eq!(once.len(), reads.len(), "{reads:?}");
        once
    }
}

impl Source for Noted {
    fn plaintext_len(&self) -> u64 {
        self.plaintext.plaintext_len()
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        self.reads.lock().unwrap().push(start);
        self.plaintext.read_at(start, plaintext)
    }
}

async fn sent(client: &Client, source: &Noted) -> Result<FileRecord, UploadError> {
    let done = upload(client, source.clone(), CancellationToken::new());
    timeout(PATIENCE, done).await.unwrap()
}

/// Uploads with a client that `change` has changed. The second part is refused once. Returns all stored bytes.
async fn stored(change: impl FnOnce(Client) -> Client) -> Vec<u8> {
    let put = |_, part, earlier| async move { if (part, earlier) == (2, 0) { 503 } else { 200 } };
    let (client, kept, server) = serve(put).await;
    let source = Noted::new();
    sent(&change(client), &source).await.unwrap();
    // Each frame was read once, so that each part was sealed once, also the one that was sent twice.
    let frames = (0..2 * PARTS).map(|frame| 4096 * u64::try_from(frame).unwrap());
    assert_eq!(source.reads(), frames.collect());
    assert_eq!(kept.puts.lock().unwrap().len(), PARTS + 1);
    server.abort();
    let parts = kept.parts.lock().unwrap();
    assert_eq!(parts.len(), PARTS);
    parts.values().flatten().copied().collect()
}

#[tokio::test]
async fn any_number_of_threads_and_files_on_disk_give_the_same_bytes_and_seal_each_part_once() {
    let folder = tempfile::tempdir().unwrap();
    let one = stored(|client| client.with_sealing_threads(1)).await;
    let four = stored(|client| client.with_sealing_threads(4)).await;
    let on_disk = stored(|client| {
        let client = client.with_part_folder(folder.path());
        client.with_largest_part_in_memory(1000)
    });
    assert!(one == four);
    assert!(one == on_disk.await);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_takes_no_large_part_leaves_the_upload() {
    let (client, kept, server) = serve(|_, _, _| async { 200 }).await;
    let client = client.with_part_folder("/nowhere");
    let client = client.with_largest_part_in_memory(1000);
    let source = Noted::new();
    let refused = sent(&client, &source).await.unwrap_err();
    assert!(matches!(refused, UploadError::PartFile(_)), "{refused:?}");
    assert!(source.reads().is_empty());
    assert_eq!(kept.aborted.load(Ordering::Relaxed), 0);
    server.abort();
}

#[tokio::test]
async fn all_uploads_of_a_client_together_hold_no_more_than_its_bound() {
    const MOST: usize = 4;
    /// The server answers no PUT before so many have come, so that the clients seal as much as they may.
    async fn together(kept: Arc<Kept>) -> u16 {
        loop {
            let came = kept.put_came.notified();
            if kept.puts.lock().unwrap().len() >= MOST {
                return 200;
            }
            came.await;
        }
    }
    let (mut client, kept, server) = serve(|kept, _, _| together(kept)).await;
    client.part_buffers = PartBuffers::at_most(ROOM * u32::try_from(MOST).unwrap());
    let sources = [Noted::new(), Noted::new(), Noted::new()];
    let most = Arc::new(AtomicUsize::new(0));
    let uploads = sources.iter().map(|source| {
        let (kept, most, begun) = (kept.clone(), most.clone(), sources.clone());
        let watched = Watched {
            source: source.clone(),
            look: Box::new(move || {
                // Parts that the store has may still be held, so this is at most what is held.
                let begun = begun.iter().map(|of| of.reads.lock().unwrap().len());
                let begun = begun.sum::<usize>().div_ceil(2);
                let stored = kept.parts.lock().unwrap().len();
                most.fetch_max(begun.saturating_sub(stored), Ordering::Relaxed);
            }),
        };
        upload(&client, watched, CancellationToken::new())
    });
    let done = timeout(PATIENCE, futures::future::join_all(uploads)).await;
    assert!(done.unwrap().iter().all(Result::is_ok));
    assert!(most.load(Ordering::Relaxed) <= MOST, "{most:?} parts");
    assert_eq!(kept.parts.lock().unwrap().len(), 3 * PARTS);
    server.abort();
}

/// A source that calls a function before each read.
struct Watched {
    source: Noted,
    look: Box<dyn Fn() + Send + Sync>,
}

impl Source for Watched {
    fn plaintext_len(&self) -> u64 {
        self.source.plaintext_len()
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        let read = self.source.read_at(start, plaintext);
        (self.look)();
        read
    }
}

#[tokio::test]
async fn a_cancel_in_the_middle_gives_all_memory_and_the_source_back() {
    let (mut client, kept, server) = serve(|_, _, _| pending()).await;
    client.part_buffers = PartBuffers::at_most(ROOM * 4);
    let (source, cancel) = (Noted::new(), CancellationToken::new());
    let uploading = upload(&client, source.clone(), cancel.clone());
    let cancelling = async {
        let came = kept.put_came.notified();
        came.await;
        cancel.cancel();
    };
    let (ended, ()) = timeout(PATIENCE, futures::future::join(uploading, cancelling))
        .await
        .unwrap();
    assert!(matches!(ended, Err(UploadError::Cancelled)), "{ended:?}");
    assert_eq!(kept.aborted.load(Ordering::Relaxed), 1);
    let returned = async {
        // This waits until no thread holds a part any more.
        let all = client.part_buffers.take(u64::from(ROOM) * 4).await;
        while Arc::strong_count(&source.reads) > 1 {
            tokio::task::yield_now().await;
        }
        all
    };
    assert!(timeout(PATIENCE, returned).await.is_ok());
    server.abort();
}
