//! Tests the class `Downloader` of the page of a file: its messages, and what it leaves behind.

use std::cell::RefCell;

use futures::{
    StreamExt as _,
    channel::mpsc::{UnboundedReceiver, unbounded},
};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use sealift_browser::{Downloader, sink::MOST_BYTES_IN_MEMORY};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{
    Blob, File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetFileOptions,
    WorkerGlobalScope,
};

use crate::{
    sample::{object, plaintext},
    store::{HONEST, Server, Store, answer, file_id, given, problem},
};

const LEN: usize = 9000;

/// A downloader and its messages.
struct Reported {
    downloader: Downloader,
    messages: Array,
    ends: RefCell<UnboundedReceiver<JsValue>>,
}

fn downloader() -> Reported {
    let messages = Array::new();
    let (end, ends) = unbounded();
    let into = messages.clone();
    let report = Closure::<dyn FnMut(JsValue)>::new(move |message: JsValue| {
        into.push(&message);
        let kind = text(&message, "type");
        if ["done", "failed", "cancelled", "credential-needed"].contains(&kind.as_str()) {
            end.unbounded_send(message).unwrap();
        }
    });
    let report: Function = report.into_js_value().unchecked_into();
    Reported {
        downloader: Downloader::new(report, None),
        messages,
        ends: ends.into(),
    }
}

impl Reported {
    /// Waits for the next message that ends a download or asks for a key.
    #[expect(clippy::await_holding_refcell_ref, reason = "one test at a time asks")]
    async fn last(&self) -> JsValue {
        self.ends.borrow_mut().next().await.unwrap()
    }

    fn types(&self) -> Vec<String> {
        self.messages.iter().map(|one| text(&one, "type")).collect()
    }
}

fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap()
}

fn text(of: &JsValue, name: &str) -> String {
    get(of, name).as_string().unwrap_or_default()
}

/// Makes a file handle as a picker would give it.
pub(crate) async fn picked(name: &str) -> FileSystemFileHandle {
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    let made = root().await.get_file_handle_with_options(name, &options);
    JsFuture::from(made).await.unwrap().unchecked_into()
}

async fn root() -> FileSystemDirectoryHandle {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let root = JsFuture::from(scope.navigator().storage().get_directory()).await;
    root.unwrap().unchecked_into()
}

/// Returns the content of the file of that name, or `None` if it is missing or empty.
pub(crate) async fn content(name: &str) -> Option<Vec<u8>> {
    let handle = JsFuture::from(root().await.get_file_handle(name))
        .await
        .ok()?;
    let handle: FileSystemFileHandle = handle.unchecked_into();
    let file: File = JsFuture::from(handle.get_file())
        .await
        .ok()?
        .unchecked_into();
    Some(bytes_of(&file).await).filter(|bytes| !bytes.is_empty())
}

async fn bytes_of(blob: &Blob) -> Vec<u8> {
    let bytes = JsFuture::from(blob.array_buffer()).await.unwrap();
    Uint8Array::new(&bytes).to_vec()
}

fn server(object: &[u8]) -> Server {
    Server::answering(&[answer(&given(object.len() as u64, LEN as u64))])
}

#[wasm_bindgen_test]
async fn a_picked_file_has_the_bytes_and_the_page_hears_how_far_it_is() {
    let plaintext = plaintext(LEN as u64);
    let object = object(&plaintext);
    let (_server, _store) = (server(&object), Store::of(&object, HONEST));
    let reported = downloader();
    let file = picked("whole").await;
    reported
        .downloader
        .save(&file_id().to_string(), LEN as f64, Some(file), false);
    let last = reported.last().await;
    assert_eq!(
        (text(&last, "type").as_str(), text(&last, "how").as_str()),
        ("done", "picker")
    );
    assert!(content("whole").await.unwrap() == plaintext);
    let progress = reported.messages.get(reported.messages.length() - 2);
    assert_eq!(text(&progress, "type"), "progress");
    assert_eq!(get(&progress, "opened").as_f64(), Some(LEN as f64));
    assert_eq!(get(&progress, "size").as_f64(), Some(LEN as f64));
}

#[wasm_bindgen_test]
async fn without_a_picked_file_the_bytes_are_offered_under_a_type_that_nothing_runs() {
    let plaintext = plaintext(LEN as u64);
    let object = object(&plaintext);
    let (_server, _store) = (server(&object), Store::of(&object, HONEST));
    for (in_memory, how) in [(false, "disk"), (true, "memory")] {
        let reported = downloader();
        reported
            .downloader
            .save(&file_id().to_string(), LEN as f64, None, in_memory);
        let last = reported.last().await;
        assert_eq!(text(&last, "how"), how);
        let blob: Blob = get(&last, "blob").unchecked_into();
        assert_eq!(blob.type_(), "application/octet-stream");
        assert!(bytes_of(&blob).await == plaintext);
    }
}

/// The first pieces are authentic, and written before the last one turns out to be altered.
#[wasm_bindgen_test]
async fn an_altered_object_fails_and_leaves_no_file() {
    const LONG: u64 = 33 * 1024 * 1024;
    let mut object = object(&plaintext(LONG));
    let last_byte = object.len() - 1;
    object[last_byte] ^= 1;
    let given = answer(&given(object.len() as u64, LONG));
    let (_server, _store) = (Server::answering(&[given]), Store::of(&object, HONEST));
    for name in [Some("altered"), None] {
        let reported = downloader();
        let file = match name {
            Some(name) => Some(picked(name).await),
            None => None,
        };
        let id = file_id().to_string();
        reported.downloader.save(&id, LONG as f64, file, false);
        let last = reported.last().await;
        assert_eq!(text(&get(&last, "failure"), "code"), "object_damaged");
        assert!(get(&last, "blob").is_undefined());
    }
    assert_eq!(content("altered").await, None);
}

#[wasm_bindgen_test]
async fn what_is_cancelled_leaves_no_file() {
    let object = object(&plaintext(LEN as u64));
    let (_server, _store) = (server(&object), Store::of(&object, "return null;"));
    let reported = downloader();
    let file = picked("cancelled").await;
    let can_be_removed = Reflect::has(&file, &"remove".into()).unwrap();
    reported
        .downloader
        .save(&file_id().to_string(), LEN as f64, Some(file), false);
    reported.downloader.cancel();
    assert_eq!(text(&reported.last().await, "type"), "cancelled");
    assert_eq!(reported.types(), ["cancelled"]);
    assert_eq!(content("cancelled").await, None);
    // Not even an empty file stays, if the browser can remove it.
    let found = JsFuture::from(root().await.get_file_handle("cancelled")).await;
    assert!(found.is_err() || !can_be_removed);
}

/// Returns a promise that resolves when the first piece is written into a picked file.
fn first_written() -> Promise {
    let listen = "const stream = FileSystemWritableFileStream.prototype;
        const real = stream.write;
        globalThis.written = new Promise((written) => {
            stream.write = function (...piece) {
                stream.write = real;
                const writing = real.apply(this, piece);
                writing.then(written);
                return writing;
            };
        });
        return written;";
    let written = Function::new_no_args(listen).call0(&JsValue::NULL);
    written.unwrap().unchecked_into()
}

/// The file already has its full length when the download ends.
#[wasm_bindgen_test]
async fn a_file_of_which_only_the_beginning_is_missing_is_not_left_either() {
    const LONG: u64 = 8 * 1024 * 1024 + 5;
    let object = object(&plaintext(LONG));
    let given = answer(&given(object.len() as u64, LONG));
    let _server = Server::answering(&[given]);
    let altered = "if (request.from > 0) return usual;
        usual.body[0] ^= 1;
        return written.then(() => usual);";
    let missing = "return request.from > 0 ? usual : null;";
    for (judgement, end) in [(altered, "failed"), (missing, "cancelled")] {
        let written = first_written();
        let _store = Store::of(&object, judgement);
        let reported = downloader();
        let name = format!("begun-{end}");
        let file = picked(&name).await;
        let id = file_id().to_string();
        reported
            .downloader
            .save(&id, LONG as f64, Some(file), false);
        JsFuture::from(written).await.unwrap();
        if judgement == missing {
            reported.downloader.cancel();
        }
        assert_eq!(text(&reported.last().await, "type"), end);
        assert_eq!(content(&name).await, None);
    }
}

#[wasm_bindgen_test]
async fn a_file_of_another_size_than_was_shown_is_not_saved() {
    let object = object(&plaintext(LEN as u64));
    let (_server, _store) = (server(&object), Store::of(&object, HONEST));
    let reported = downloader();
    reported
        .downloader
        .save(&file_id().to_string(), 1.0, None, true);
    let failure = get(&reported.last().await, "failure");
    assert_eq!(text(&failure, "code"), "answer_not_understood");
}

#[wasm_bindgen_test]
async fn a_file_that_fits_nowhere_says_how_much_would() {
    let reported = downloader();
    let size = (MOST_BYTES_IN_MEMORY + 1) as f64;
    reported
        .downloader
        .save(&file_id().to_string(), size, None, true);
    let failure = get(&reported.last().await, "failure");
    assert_eq!(text(&failure, "code"), "too_large_for_this_browser");
    let most = get(&get(&failure, "numbers"), "most_bytes").as_f64();
    assert_eq!(most, Some(MOST_BYTES_IN_MEMORY as f64));
}

#[wasm_bindgen_test]
async fn who_has_logged_in_asks_with_the_key_and_the_refusal_is_told() {
    let id = file_id().to_string();
    for (api_key, sent) in [(None, ""), (Some("key".to_owned()), " Bearer key")] {
        let server = Server::answering(&[problem(401, "unauthenticated")]);
        let reported = downloader();
        reported.downloader.log_in(api_key);
        reported.downloader.save(&id, 3.0, None, true);
        let failure = get(&reported.last().await, "failure");
        assert_eq!(text(&failure, "code"), "unauthenticated");
        let asked = format!("POST /v1/files/{id}/open{sent}");
        assert_eq!(server.requests(), [asked]);
    }
}

/// The URL and the API key have expired: the downloader asks for another key and waits for it.
#[wasm_bindgen_test]
async fn a_key_that_ends_on_the_way_is_asked_for_and_the_file_goes_on() {
    let object = object(&plaintext(LEN as u64));
    let id = file_id().to_string();
    for is_declined in [false, true] {
        let given = answer(&given(object.len() as u64, LEN as u64));
        let refused = problem(401, "unauthenticated");
        let server = Server::answering(&[given.clone(), refused, given]);
        let ended = "return request.attempt > 1 ? usual : { ...usual, status: 403 };";
        let _store = Store::of(&object, ended);
        let reported = downloader();
        reported.downloader.log_in(Some("old".to_owned()));
        reported.downloader.save(&id, LEN as f64, None, true);
        assert_eq!(text(&reported.last().await, "type"), "credential-needed");
        if is_declined {
            reported.downloader.log_in_declined();
            let failure = get(&reported.last().await, "failure");
            assert_eq!(text(&failure, "code"), "unauthenticated");
        } else {
            reported.downloader.log_in(Some("new".to_owned()));
            assert_eq!(text(&reported.last().await, "type"), "done");
        }
        let asked =
            ["old", "old", "new"].map(|key| format!("POST /v1/files/{id}/open Bearer {key}"));
        let times = if is_declined { 2 } else { 3 };
        assert_eq!(server.requests(), asked[..times]);
    }
}

/// Browsers copy an offered file without telling the page when they finish.
#[wasm_bindgen_test]
async fn what_was_offered_stays_until_the_next_is_whole() {
    let plaintext = plaintext(LEN as u64);
    let object = object(&plaintext);
    let id = file_id().to_string();
    let _server = server(&object);
    let reported = downloader();
    let save = || reported.downloader.save(&id, LEN as f64, None, false);
    let store = Store::of(&object, HONEST);
    save();
    let offered: Blob = get(&reported.last().await, "blob").unchecked_into();
    drop(store);
    let store = Store::of(&object, "usual.body[9] ^= 1; return usual;");
    save();
    assert_eq!(text(&reported.last().await, "type"), "failed");
    assert!(bytes_of(&offered).await == plaintext);
    drop(store);
    let _store = Store::of(&object, HONEST);
    save();
    let next: Blob = get(&reported.last().await, "blob").unchecked_into();
    assert!(bytes_of(&next).await == plaintext);
    // The worker deletes the first file while it sends its messages, so this waits until it is gone.
    while JsFuture::from(offered.array_buffer()).await.is_ok() {}
}

#[wasm_bindgen_test]
async fn what_was_offered_makes_room_where_there_is_none_beside_it() {
    let plaintext = plaintext(LEN as u64);
    let object = object(&plaintext);
    let id = file_id().to_string();
    let (_server, _store) = (server(&object), Store::of(&object, HONEST));
    let reported = downloader();
    reported.downloader.save(&id, LEN as f64, None, false);
    assert_eq!(text(&reported.last().await, "type"), "done");
    // There is no room, and then enough.
    let scarce = "const usages = [1, 0];
        navigator.storage.estimate = async () => ({ quota: size, usage: usages.shift() });";
    let scarce = Function::new_with_args("size", scarce);
    scarce.call1(&JsValue::NULL, &LEN.into()).unwrap();
    reported.downloader.save(&id, LEN as f64, None, false);
    let blob: Blob = get(&reported.last().await, "blob").unchecked_into();
    let own = Function::new_no_args("delete navigator.storage.estimate;");
    own.call0(&JsValue::NULL).unwrap();
    assert!(bytes_of(&blob).await == plaintext);
}

#[wasm_bindgen_test]
async fn what_is_no_id_names_no_file() {
    let reported = downloader();
    reported.downloader.save("../keys", 3.0, None, true);
    let failure = get(&reported.last().await, "failure");
    assert_eq!(text(&failure, "code"), "not_found");
}
