//! The one class that JavaScript sees.

use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use sealift_transfer::api::UploadId;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::{
    failure::{Failure, Fault},
    file_slice::ChosenFile,
    queue::Queue,
    report::{Reporter, to_js},
    seal::agreement,
    shared::{Options, Shared},
    uploader::Wish,
};

/// The uploads of a page. Made once, in a worker: sealing must not hold up what is on the screen.
///
/// ```js
/// import init, { Uploads } from './sealift_browser.js';
/// await init();
/// const uploads = await Uploads.open('web-crypto', (message) => postMessage(message));
/// uploads.add(1, file);
/// ```
///
/// Messages have a `type` and the file's `id`:
///
/// - on the way: `state` (`state`: `sealing`, `sending`, `checking`), `progress` (`sent` bytes),
///   `retrying`, `opened` (`uploadId`: from here on it can be resumed), `comparing` (`compared` of
///   `toCompare` bytes, before a byte leaves), `paused`, `waiting` (`reason`: `network`,
///   `credential`), and `goes-on` after these two, with the `state`;
/// - a question: `unchecked`, answered by `confirm`. The file was written to since the upload began;
///   what was sent is the same, the rest cannot be checked;
/// - the end: `done` (`record`, `contentPath`), `failed` (`failure`: `code`, `detail`, `status`,
///   `requestId`, `numbers`; `goesOn`: whether the same upload can go on), `cancelled` or `left`.
///
/// `credential-needed` has no `id`: it comes once for all files, and is answered by `logIn` or
/// `logInDeclined`.
#[wasm_bindgen]
pub struct Uploads(Rc<Queue>);

#[wasm_bindgen]
impl Uploads {
    /// Gets ready. `backend` is `web-crypto` or `aes-gcm`; both are compared on a sample first.
    /// `report` is called with every message. `options` may have `largestPartInMemory` (bytes; larger
    /// parts go through a file on disk), `mostPuts`, `stallMs` and `answerMs` (how long a PUT may
    /// stand still while it leaves, and wait for its answer).
    ///
    /// # Errors
    /// Rejects with a failure (`code`, `detail`) where the browser is not fit.
    pub async fn open(
        backend: String,
        report: Function,
        options: Option<Object>,
    ) -> Result<Self, JsValue> {
        console_error_panic_hook::set_once();
        let backend = backend.parse().map_err(|fault| thrown(&fault))?;
        agreement::prove().await.map_err(|fault| thrown(&fault))?;
        let options = options.as_ref().map(Options::from_js).unwrap_or_default();
        let reporter = Reporter::new(report);
        let shared = Rc::new(Shared::new(backend, options, reporter.clone()));
        let tidied = shared.clone();
        spawn_local(async move { tidied.parts.delete_leftovers().await });
        Ok(Self(Rc::new(Queue::new(shared, reporter))))
    }

    /// The server's limits: `most_bytes`, `most_name_bytes`, `most_metadata_bytes`, `login`. Files that
    /// are added afterwards are measured by them.
    ///
    /// # Errors
    /// Rejects with a failure where the server cannot be asked.
    pub async fn policy(&self) -> Result<JsValue, JsValue> {
        let queue = self.0.clone();
        let policy = queue.shared.server.policy().await;
        let policy = policy.map_err(|error| thrown(&error.into()))?;
        queue.keep_to(Reflect::get(&policy, &"most_bytes".into())?.as_f64());
        Ok(policy)
    }

    /// Requests carry this API key from now on; none without an argument. Kept in memory only. Files
    /// that wait for it go on.
    #[wasm_bindgen(js_name = logIn)]
    pub fn log_in(&self, api_key: Option<String>) {
        self.0.shared.credential.log_in(api_key);
    }

    /// There is no API key to be had: files that wait for one fail, and can go on later. Nobody asks
    /// any more before `askAgain`.
    #[wasm_bindgen(js_name = logInDeclined)]
    pub fn log_in_declined(&self) {
        self.0.shared.credential.decline();
    }

    /// After `logInDeclined`: who needs an API key may ask once more.
    #[wasm_bindgen(js_name = askAgain)]
    pub fn ask_again(&self) {
        self.0.shared.credential.ask_again();
    }

    /// Uploads a file, as soon as its turn comes. `id` is the caller's name for it, `name` the
    /// server's; without one it is the file's. After `failed` or `left` a file may be added again under
    /// the same `id`: the same upload goes on where that is possible.
    pub fn add(&self, id: u32, file: File, name: Option<String>) {
        let (file, name) = chosen(file, name);
        self.0.add(id, file, name);
    }

    /// Goes on with an upload that `unfinished` listed. What was sent of it is sealed again and
    /// compared first: with another file it ends by `failed`, `file_changed`.
    pub fn resume(&self, id: u32, upload_id: &str, file: File) {
        match parsed(upload_id) {
            Ok(upload) => self.0.resume(id, upload, ChosenFile::new(file)),
            Err(fault) => self.0.refuse(id, fault),
        }
    }

    /// Takes back what an earlier attempt at this `id` left, and uploads the file as a new one.
    #[wasm_bindgen(js_name = startAnew)]
    pub fn start_anew(&self, id: u32, file: File, name: Option<String>) {
        let (file, name) = chosen(file, name);
        self.0.start_anew(id, file, name);
    }

    /// Stops a file. It says `paused`, unless it is too late for that.
    pub fn pause(&self, id: u32) {
        self.0.wish(id, Wish::Pause);
    }

    /// Lets a paused file go on, as soon as its turn comes.
    #[wasm_bindgen(js_name = goOn)]
    pub fn go_on(&self, id: u32) {
        self.0.wish(id, Wish::GoOn);
    }

    /// Answers `unchecked`: whether the rest of the file is to be sent as it is now. With `false` it
    /// ends by `left`.
    pub fn confirm(&self, id: u32, yes: bool) {
        self.0.wish(id, Wish::Confirm(yes));
    }

    /// Takes a file back. It ends by `cancelled`, or by `done` where it was too late.
    pub fn cancel(&self, id: u32) {
        self.0.wish(id, Wish::Cancel);
    }

    /// Ends a file, and leaves what was sent of it on the server: it can be resumed. It ends by
    /// `left`.
    pub fn leave(&self, id: u32) {
        self.0.wish(id, Wish::Leave);
    }

    /// The caller's uploads that can go on, newest first: `upload_id`, `name`, `size`,
    /// `last_modified_ms`, `expires_at_ms`, `signed_parts` of `part_count`, and more.
    ///
    /// # Errors
    /// Rejects with a failure where the server cannot be asked.
    pub async fn unfinished(&self) -> Result<JsValue, JsValue> {
        let queue = self.0.clone();
        let uploads = queue.shared.server.unfinished().await;
        Ok(uploads.map_err(|error| thrown(&error.into()))?.into())
    }

    /// Takes an upload back that `unfinished` listed.
    ///
    /// # Errors
    /// Rejects with a failure; `other_tab` where a tab has it under way, be it this one.
    pub async fn discard(&self, upload_id: String) -> Result<(), JsValue> {
        let queue = self.0.clone();
        let upload = parsed(&upload_id).map_err(|fault| thrown(&fault))?;
        let discarded = queue.discard(&upload).await;
        discarded.map_err(|fault| thrown(&fault))
    }
}

fn chosen(file: File, name: Option<String>) -> (ChosenFile, String) {
    let file = ChosenFile::new(file);
    let name = name.unwrap_or_else(|| file.name());
    (file, name)
}

/// What is no id names no upload.
fn parsed(upload_id: &str) -> Result<UploadId, Fault> {
    upload_id.parse().map_err(|_| Fault::UploadGone)
}

fn thrown(fault: &Fault) -> JsValue {
    to_js(&Failure::from(fault)).unwrap_or(JsValue::NULL)
}
