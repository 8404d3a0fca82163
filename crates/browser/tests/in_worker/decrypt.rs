//! Tests that a download gives the whole file or fails.

use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use sealift_browser::{
    credential::Credential,
    decrypt::{Decryption, Giver, MOST_BUFFER_BYTES, Progress},
    downloader::report::DownloadReporter,
    failure::{Failure, Fault},
    part_buffers::PartBuffers,
    part_files::PartFiles,
    report::Reporter,
    server_api::ServerApi,
    sink::{Saved, Sink, Way},
};
use sealift_transfer::api::FileOpening;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    sample::{FRAME_LENGTH, LENGTHS, content_key, header, object, plaintext},
    store::{Clock, ETAG, HONEST, Server, Store, answer, file_id, given, given_with, problem},
};

const PIECE: u64 = 8 * 1024 * 1024;

fn nobody() -> Reporter {
    Reporter::new(Function::new_no_args(""))
}

fn giver(stall_ms: u64) -> Giver {
    Giver {
        server: Rc::new(ServerApi::new(Rc::new(Credential::new(nobody())))),
        file: file_id(),
        stall_ms,
    }
}

/// Returns the bytes that a person gets.
async fn opened(given: FileOpening, stall_ms: u64) -> Result<Vec<u8>, Fault> {
    let size = given.size;
    let files = PartFiles::default();
    let sink = Sink::new(Way::InMemory, size, &files).await?;
    let progress = Progress::new(Rc::new(DownloadReporter::new(nobody())), size);
    let decryption = Decryption::new(giver(stall_ms), given).await?;
    let buffers = PartBuffers::at_most(MOST_BUFFER_BYTES);
    decryption.decrypt_into(&sink, &buffers, &progress).await?;
    let Saved::InMemory(blob) = sink.finish().await? else {
        unreachable!("it went into memory");
    };
    let bytes = JsFuture::from(blob.array_buffer()).await.unwrap();
    Ok(Uint8Array::new(&bytes).to_vec())
}

async fn opened_from(store_has: &[u8], judgement: &str, plaintext: &[u8]) -> Result<(), Fault> {
    let recorded = object(plaintext);
    let _store = Store::of(store_has, judgement);
    let got = opened(given(recorded.len() as u64, plaintext.len() as u64), 60_000).await?;
    assert!(got == plaintext);
    Ok(())
}

fn code_of(fault: &Fault) -> String {
    Failure::from(fault).code
}

#[wasm_bindgen_test]
async fn files_of_every_length_come_whole() {
    let around_pieces = [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5];
    for len in LENGTHS.into_iter().chain(around_pieces) {
        let plaintext = plaintext(len);
        let object = object(&plaintext);
        let store = Store::of(&object, HONEST);
        let got = opened(given(object.len() as u64, len), 60_000).await;
        assert!(got.unwrap() == plaintext, "{len} bytes");
        let pieces = len.div_ceil(PIECE).max(1);
        assert_eq!(store.requests().len() as u64, pieces, "{len} bytes");
    }
}

#[wasm_bindgen_test]
async fn a_browser_that_does_not_write_into_buffers_opens_files_too() {
    let plaintext = plaintext(PIECE + 9000);
    let plain = "return { ...usual, isPlain: true };";
    let object = object(&plaintext);
    opened_from(&object, plain, &plaintext).await.unwrap();
}

#[wasm_bindgen_test]
async fn each_request_names_the_object_and_whole_frames() {
    let plaintext = plaintext(PIECE + 1);
    let object = object(&plaintext);
    let store = Store::of(&object, HONEST);
    opened(given(object.len() as u64, PIECE + 1), 60_000)
        .await
        .unwrap();
    let frames = PIECE / u64::from(FRAME_LENGTH);
    let second = header().len() + frames * (u64::from(FRAME_LENGTH) + 32);
    let last = object.len() - 1;
    assert_eq!(
        store.requests(),
        [
            format!("{ETAG} bytes=0-{}", second - 1),
            format!("{ETAG} bytes={second}-{last}")
        ]
    );
}

/// The limit is the same for a file of any length, so that memory is bounded.
#[wasm_bindgen_test]
async fn three_pieces_are_on_their_way_at_once_and_no_more() {
    let plaintext = plaintext(8 * PIECE);
    let object = object(&plaintext);
    let store = Store::of(&object, HONEST);
    let got = opened(given(object.len() as u64, 8 * PIECE), 60_000).await;
    assert!(got.unwrap() == plaintext);
    assert_eq!(store.most_at_once(), 3.0);
}

/// A file is not offered if any byte was altered, wherever it is.
#[wasm_bindgen_test]
async fn a_byte_that_was_altered_ends_the_file() {
    let plaintext = plaintext(PIECE + 9000);
    let whole = object(&plaintext);
    for at in [
        0,
        header().as_bytes().len() + 50,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        let refused = opened_from(&altered, HONEST, &plaintext).await.unwrap_err();
        assert_eq!(code_of(&refused), "object_damaged", "byte {at}");
    }
}

#[wasm_bindgen_test]
async fn an_object_that_was_cut_or_extended_is_refused_before_its_bytes_are_used() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    let cut = &whole[..whole.len() - 1];
    let cut_at_a_frame = &whole[..header().as_bytes().len() + 2 * 4128];
    let extended = [&whole[..], b"junk"].concat();
    for other in [cut, cut_at_a_frame, &extended] {
        let refused = opened_from(other, HONEST, &plaintext).await.unwrap_err();
        assert_eq!(
            code_of(&refused),
            "object_replaced",
            "{} bytes",
            other.len()
        );
    }
}

/// The bytes are right each time, but the headers are not.
#[wasm_bindgen_test]
async fn an_answer_of_another_object_is_refused_before_its_bytes_are_used() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    for (judgement, code) in [
        (
            "usual.headers.etag = '\"another\"'; return usual;",
            "object_replaced",
        ),
        (
            "usual.headers['content-range'] += '0'; return usual;",
            "object_replaced",
        ),
        (
            "usual.headers['content-range'] = 'bytes 0-1/2'; return usual;",
            "object_replaced",
        ),
        (
            "delete usual.headers.etag; return usual;",
            "answer_not_understood",
        ),
        (
            "delete usual.headers['content-range']; return usual;",
            "answer_not_understood",
        ),
        ("usual.status = 200; return usual;", "answer_not_understood"),
        ("usual.status = 412; return usual;", "object_replaced"),
        ("usual.status = 416; return usual;", "object_replaced"),
        ("usual.status = 404; return usual;", "object_damaged"),
        (
            "usual.body = new Uint8Array(usual.body.length + 1); return usual;",
            "object_replaced",
        ),
        (
            "usual.body = new Uint8Array(usual.body.length + 1); return { ...usual, isPlain: true };",
            "object_replaced",
        ),
    ] {
        let store = Store::of(&whole, judgement);
        let refused = opened(given(whole.len() as u64, 9000), 60_000).await;
        assert_eq!(code_of(&refused.unwrap_err()), code, "{judgement}");
        // Only the body shows that it is too long, so only then bytes were received.
        let came = f64::from(u8::from(judgement.contains("body")));
        assert_eq!(store.bodies(), came, "{judgement}");
    }
}

#[wasm_bindgen_test]
async fn another_message_in_its_place_is_refused() {
    let plaintext = plaintext(9000);
    let mut other = object(&plaintext);
    // This is another message id, as another upload of the same file has.
    other[3] ^= 1;
    let refused = opened_from(&other, HONEST, &plaintext).await.unwrap_err();
    assert_eq!(code_of(&refused), "object_damaged");
    // A short message that ends early, with junk up to the recorded size, is refused too.
    let mut early = object(&plaintext[..4000]);
    early.resize(other.len(), 7);
    let refused = opened_from(&early, HONEST, &plaintext).await.unwrap_err();
    assert_eq!(code_of(&refused), "object_damaged");
}

#[wasm_bindgen_test]
async fn a_lost_connection_and_a_busy_store_are_tried_again() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    for judgement in [
        "return request.attempt > 1 ? usual : undefined;",
        "return request.attempt > 1 ? usual : { ...usual, status: 503 };",
        // These bodies end early.
        "return request.attempt > 1 ? usual : { ...usual, body: usual.body.slice(1) };",
        "return request.attempt > 1 ? usual : { ...usual, breaks: 5000 };",
    ] {
        opened_from(&whole, judgement, &plaintext).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn a_request_that_stands_still_is_given_up_and_made_again() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    let store = Store::of(&whole, "return request.attempt > 1 ? usual : null;");
    let got = opened(given(whole.len() as u64, 9000), 20).await;
    assert!(got.unwrap() == plaintext);
    assert!(store.requests().len() > 1);
}

#[wasm_bindgen_test]
async fn an_address_that_ended_is_asked_for_again_once_for_all_pieces() {
    let plaintext = plaintext(3 * PIECE);
    let whole = object(&plaintext);
    let (sealed, size) = (whole.len() as u64, 3 * PIECE);
    let mut fresh = given(sealed, size);
    fresh.get.url = "https://store.example/o?fresh".to_owned();
    for status in [400, 401, 403] {
        let server = Server::answering(&[answer(&fresh)]);
        let ended = format!(
            "return request.url.endsWith('fresh') ? usual : {{ ...usual, status: {status} }};"
        );
        let _store = Store::of(&whole, &ended);
        assert!(opened(given(sealed, size), 60_000).await.unwrap() == plaintext);
        let path = format!("POST /v1/files/{}/open", file_id());
        assert_eq!(server.requests(), [path], "{status}");
    }
}

/// Browsers may hide the answer of a store that refuses an expired URL. The page then sees a lost connection.
#[wasm_bindgen_test]
async fn an_address_that_ended_is_asked_for_again_if_its_refusal_is_hidden() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    let fresh = given(whole.len() as u64, 9000);
    let mut ended = given(whole.len() as u64, 9000);
    ended.get.url = "https://store.example/o?ended".to_owned();
    ended.get.expires_in_ms = Some(0);
    let server = Server::answering(&[answer(&fresh)]);
    let hides = "return request.url.endsWith('ended') ? undefined : usual;";
    let store = Store::of(&whole, hides);
    assert!(opened(ended, 60_000).await.unwrap() == plaintext);
    assert_eq!((server.requests().len(), store.requests().len()), (1, 2));
}

#[wasm_bindgen_test]
async fn nothing_is_asked_of_an_address_that_has_ended_meanwhile() {
    let plaintext = plaintext(5 * PIECE);
    let whole = object(&plaintext);
    let (sealed, size) = (whole.len() as u64, 5 * PIECE);
    let mut fresh = given(sealed, size);
    fresh.get.url = "https://store.example/o?fresh".to_owned();
    let server = Server::answering(&[answer(&fresh)]);
    let _clock = Clock::set_ahead_by_hand();
    // The machine sleeps while the first piece comes.
    let slept = "if (request.url.endsWith('fresh')) return usual;
        Date.ahead = 20 * 60_000;
        return request.attempt > 1 ? { ...usual, status: 403 } : usual;";
    let store = Store::of(&whole, slept);
    assert!(opened(given(sealed, size), 60_000).await.unwrap() == plaintext);
    // The request that the sleep broke, and one for each piece.
    assert_eq!(store.requests().len(), 6);
    assert_eq!(server.requests().len(), 1);
}

/// How long a request may stall in tests that set the clock ahead by less. Otherwise the requests under way would be
/// given up and made again.
const LONG_STALL_MS: u64 = 20 * 60_000;

/// A link's permission to read ends 15 minutes after its last use, so the URL is renewed in time although
/// all pieces are still under way.
#[wasm_bindgen_test]
async fn an_address_is_renewed_before_it_ends_while_pieces_come() {
    let plaintext = plaintext(5 * PIECE);
    let whole = object(&plaintext);
    let (sealed, size) = (whole.len() as u64, 5 * PIECE);
    let mut fresh = given(sealed, size);
    fresh.get.url = "https://store.example/o?fresh".to_owned();
    let server = Server::answering(&[answer(&fresh)]);
    let _clock = Clock::set_ahead_by_hand();
    let waits = "if (request.url.endsWith('fresh')) return usual;
        if (request.attempt > 3) return { ...usual, status: 403 };
        Date.ahead = 10 * 60_000;
        return serverAnswers().then(() => usual);";
    let _store = Store::of(&whole, waits);
    assert!(opened(given(sealed, size), LONG_STALL_MS).await.unwrap() == plaintext);
    assert_eq!(server.requests().len(), 1);
}

#[wasm_bindgen_test]
async fn who_is_refused_before_the_address_ends_goes_on_with_it() {
    let plaintext = plaintext(5 * PIECE);
    let whole = object(&plaintext);
    let (sealed, size) = (whole.len() as u64, 5 * PIECE);
    let server = Server::answering(&[problem(401, "unauthenticated")]);
    let _clock = Clock::set_ahead_by_hand();
    let waits = "if (request.attempt > 3) return usual;
        Date.ahead = 10 * 60_000;
        return serverAnswers().then(() => usual);";
    let store = Store::of(&whole, waits);
    assert!(opened(given(sealed, size), LONG_STALL_MS).await.unwrap() == plaintext);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(store.requests().len(), 5);
}

/// The machine sleeps more than once.
#[wasm_bindgen_test]
async fn a_piece_outlives_more_than_one_address() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    let (sealed, size) = (whole.len() as u64, 9000);
    let server = Server::answering(&[answer(&given(sealed, size))]);
    let _clock = Clock::set_ahead_by_hand();
    let sleeps = "if (request.attempt > 3) return usual;
        Date.ahead += 16 * 60_000;
        return { ...usual, status: 403 };";
    let _store = Store::of(&whole, sleeps);
    assert!(opened(given(sealed, size), 60_000).await.unwrap() == plaintext);
    assert_eq!(server.requests().len(), 3);
}

#[wasm_bindgen_test]
async fn a_fresh_address_of_another_object_is_not_followed() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    let sealed = whole.len() as u64;
    let mut other_etag = given(sealed, 9000);
    other_etag.etag = "\"another\"".to_owned();
    let mut other_header = header().as_bytes().to_vec();
    other_header[5] ^= 1;
    let other_header = given_with(other_header, &content_key(), sealed, 9000);
    for other in [other_etag, other_header, given(sealed + 1, 9001)] {
        let _server = Server::answering(&[answer(&other)]);
        let ended = "return request.attempt > 1 ? usual : { ...usual, status: 403 };";
        let refused = opened_from(&whole, ended, &plaintext).await.unwrap_err();
        assert_eq!(code_of(&refused), "object_replaced");
    }
}

#[wasm_bindgen_test]
async fn a_store_that_refuses_a_fresh_address_too_is_not_asked_for_ever() {
    let plaintext = plaintext(9000);
    let whole = object(&plaintext);
    let server = Server::answering(&[answer(&given(whole.len() as u64, 9000))]);
    let refusing = "return { ...usual, status: 403 };";
    let refused = opened_from(&whole, refusing, &plaintext).await.unwrap_err();
    assert_eq!(code_of(&refused), "store_refused");
    assert_eq!(server.requests().len(), 1);
    let printed = format!("{refused:?} {:?}", Failure::from(&refused));
    assert!(
        !printed.contains("5ec2e7") && !printed.contains("store.example"),
        "{printed}"
    );
}

#[wasm_bindgen_test]
async fn a_file_that_was_deleted_on_the_way_is_not_found() {
    let plaintext = plaintext(9000);
    let _server = Server::answering(&[problem(404, "not_found")]);
    let refusing = "return { ...usual, status: 403 };";
    let refused = opened_from(&object(&plaintext), refusing, &plaintext).await;
    assert_eq!(code_of(&refused.unwrap_err()), "not_found");
}
