//! Tests long reads against a minimal store that records its requests.

use core::pin::Pin;

use axum::{Router, body::Body, response::Response, routing::get};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, Header, HeaderBuilder,
    MessageId, RangeDecryptor,
};
use tokio::sync::watch;

use super::{OpenError, plaintext};
use crate::{
    objects::{
        ETag, ObjectKey, Objects, S3Config, S3Credentials, StoreEncryption, StoredObject,
        embedded::EmbeddedCredentials,
    },
    records::RecordedHeader,
};

/// Bytes of a frame. Seven frames make a piece.
const FRAME: u32 = 1024 * 1024;
const PIECE: usize = 7 * 1024 * 1024;
const PIECES: usize = 6;

/// A sealed message in memory.
struct Sealed {
    header: Header,
    data_key: DataKey,
    plaintext: Vec<u8>,
    object: Vec<u8>,
}

impl Sealed {
    fn new() -> Self {
        let data_key = DataKey::try_from([7; 32].as_slice()).unwrap();
        let header = HeaderBuilder::new(
            MessageId::from_bytes([1; 32]),
            EncryptionContext::default(),
            EncryptedDataKey::aws_kms("arn:aws:kms:::key/1", vec![2; 100]).unwrap(),
            FrameLength::try_from(FRAME).unwrap(),
        );
        let header = header.authenticate(&data_key).unwrap();
        let plaintext: Vec<u8> = (0..PIECE * PIECES)
            .map(|at| u8::try_from(at / 1000 % 251).unwrap())
            .collect();
        let len = u64::try_from(plaintext.len()).unwrap();
        let sealer = FrameSealer::new(header.verify(&data_key).unwrap(), len).unwrap();
        let frames = 0..sealer.layout().frame_count();
        let sealed_len = usize::try_from(sealer.layout().sealed_len()).unwrap();
        let mut object = vec![0; sealed_len];
        sealer.seal_part(frames, &plaintext, &mut object).unwrap();
        Self {
            header,
            data_key,
            plaintext,
            object,
        }
    }
}

/// The requests that the store received.
#[derive(Default)]
struct Noted {
    gets: usize,
    /// The requests whose body somebody still reads.
    under_way: usize,
}

/// A body that records when it is dropped.
struct Given<S> {
    bytes: S,
    noted: watch::Sender<Noted>,
}

impl<S> Given<S> {
    fn new(bytes: S, noted: watch::Sender<Noted>) -> Self {
        noted.send_modify(|noted| {
            noted.gets += 1;
            noted.under_way += 1;
        });
        Self { bytes, noted }
    }
}

impl<S> Drop for Given<S> {
    fn drop(&mut self) {
        self.noted.send_modify(|noted| noted.under_way -= 1);
    }
}

impl<S: Stream + Unpin> Stream for Given<S> {
    type Item = S::Item;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut core::task::Context<'_>,
    ) -> core::task::Poll<Option<S::Item>> {
        self.bytes.poll_next_unpin(cx)
    }
}

/// Serves the object. Bodies that begin at or behind `endless` never end.
async fn store(object: Vec<u8>, endless: usize) -> (Objects, watch::Receiver<Noted>) {
    let (note, noted) = watch::channel(Noted::default());
    let object = Bytes::from(object);
    let answer = async move |headers: HeaderMap| {
        let asked = headers.get("range").unwrap().to_str().unwrap();
        let (first, last) = asked
            .strip_prefix("bytes=")
            .unwrap()
            .split_once('-')
            .unwrap();
        let range = first.parse().unwrap()..last.parse::<usize>().unwrap() + 1;
        let all = stream::iter([Ok::<_, core::convert::Infallible>(
            object.slice(range.clone()),
        )]);
        let bytes = if range.start >= endless {
            all.take(0).chain(stream::pending()).boxed()
        } else {
            all.boxed()
        };
        let given = Given::new(bytes, note.clone());
        Response::builder()
            .status(StatusCode::PARTIAL_CONTENT)
            .header("etag", "\"recorded\"")
            .header("content-length", range.len())
            .header(
                "content-range",
                format!("{}/{}", asked.replace('=', " "), object.len()),
            )
            .body(Body::from_stream(given))
            .unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = S3Config {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        public_endpoint: None,
        region: Some("us-east-1".to_owned()),
        bucket: "bucket".to_owned(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        encryption: StoreEncryption::default(),
        credentials: S3Credentials::Embedded(EmbeddedCredentials::from_random(&[7; 52])),
    };
    let router = Router::new().fallback(get(answer));
    tokio::spawn(async { axum::serve(listener, router).await });
    (Objects::connect(&config).await, noted)
}

fn read_all(
    objects: &Objects,
    sealed: &Sealed,
) -> impl Stream<Item = Result<Bytes, OpenError>> + Send + use<> {
    let len = u64::try_from(sealed.object.len()).unwrap();
    let object = StoredObject {
        key: ObjectKey::from_record("sealift/key".to_owned()),
        version: None,
        etag: ETag("\"recorded\"".to_owned()),
        len,
    };
    let verified = sealed.header.verify(&sealed.data_key).unwrap();
    let decryptor = RangeDecryptor::new(verified, len).unwrap();
    let header = RecordedHeader::new(sealed.header.as_bytes().to_vec());
    plaintext(objects, object, &header, decryptor.plan_all()).unwrap()
}

#[tokio::test]
async fn a_reader_that_stands_still_has_no_more_than_three_pieces_before_it() {
    let sealed = Sealed::new();
    let (objects, noted) = store(sealed.object.clone(), usize::MAX).await;
    let mut reading = Box::pin(read_all(&objects, &sealed));
    let asked = || noted.borrow().gets;
    assert_eq!(asked(), 0, "nobody reads yet");
    let mut read = 0;
    let mut most = 0;
    let mut is_first = true;
    while let Some(bytes) = reading.next().await {
        // Between two reads nothing begins: every GET was begun by an earlier read.
        if is_first {
            assert_eq!(asked(), 1, "many look at the beginning only");
            is_first = false;
        }
        let behind = read / PIECE;
        let ahead = asked().saturating_sub(behind);
        assert!(ahead <= 3, "{ahead} pieces at byte {read}");
        most = most.max(ahead);
        let bytes = bytes.unwrap();
        assert_eq!(bytes, sealed.plaintext[read..read + bytes.len()]);
        read += bytes.len();
    }
    assert_eq!(read, sealed.plaintext.len());
    assert_eq!(asked(), PIECES);
    assert!(most > 1, "nothing was fetched ahead");
}

#[tokio::test]
async fn a_reader_that_goes_away_drops_what_is_under_way() {
    let sealed = Sealed::new();
    let (objects, mut noted) = store(sealed.object.clone(), PIECE).await;
    let mut reading = Box::pin(read_all(&objects, &sealed));
    let mut read = 0;
    while read < PIECE {
        read += reading.next().await.unwrap().unwrap().len();
    }
    // Requests the next pieces, which never end.
    let more = reading.next();
    tokio::select! {
        _ = more => panic!("the second piece does not come"),
        asked = noted.wait_for(|noted| noted.gets == 3) => { asked.unwrap(); }
    }
    drop(reading);
    let dropped = noted.wait_for(|noted| noted.under_way == 0);
    dropped.await.unwrap();
}

#[tokio::test]
async fn a_piece_that_does_not_open_ends_the_read_behind_all_that_is_good() {
    let sealed = Sealed::new();
    let mut damaged = sealed.object.clone();
    let piece = sealed.header.as_bytes().len() + 7 * (1024 * 1024 + 32);
    damaged[piece + 100] ^= 1;
    let (objects, _) = store(damaged, usize::MAX).await;
    let items: Vec<_> = read_all(&objects, &sealed).collect().await;
    let (last, good) = items.split_last().unwrap();
    assert!(matches!(last, Err(OpenError::Decrypt(_))), "{last:?}");
    let good: Vec<Bytes> = good
        .iter()
        .map(|item| item.as_ref().unwrap().clone())
        .collect();
    assert!(good.concat() == sealed.plaintext[..PIECE]);
}
