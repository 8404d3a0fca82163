//! The class that JavaScript uses on the page that sends files.

use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use sealift_transfer::{Control, api::UploadId};
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
    uploader::FromPage,
};

/// The uploads of a page. The page makes one, in a worker, so that sealing does not block the screen.
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
/// - under way: `state` (`state`: `sealing`, `sending`, `checking`), `progress` (`sent` bytes),
///   `retrying`, `opened` (`uploadId`: from here on it can be resumed), `comparing` (`compared` of
///   `toCompare` bytes, before a byte is sent), `paused`, `waiting` (`reason`: `network`,
///   `credential`), and `goes-on` after these two, with the `state`;
/// - a question: `unchecked`, answered by `confirm`. The file was written to since the upload began. The parts
///   that were sent are unchanged, but the rest cannot be checked;
/// - the end: `done` (`record`, `contentPath`), `failed` (`failure`: `code`, `detail`, `status`,
///   `requestId`, `numbers`; `goesOn`: whether the same upload can be resumed), `cancelled` or `left`.
///
/// `credential-needed` has no `id`, because it comes once for all files. The answer is `logIn` or
/// `logInDeclined`.
#[wasm_bindgen]
pub struct Uploads(Rc<Queue>);

#[wasm_bindgen]
impl Uploads {
    /// Compares both backends on a sample, and makes the object. `backend` is `web-crypto` or `aes-gcm`. Calls
    /// `report` with every message. `options` may have `largestPartInMemory` (bytes; larger parts go through a
    /// file on disk), `mostPuts`, `stallMs`, `answerMs` (how long a PUT may stall while it is sent, and wait for its
    /// answer), and `sealers` (an object of web/upload/sealers.js; without it this worker seals).
    ///
    /// # Errors
    /// Rejects with a failure (`code`, `detail`) if the browser is unfit.
    pub async fn open(
        backend: String,
        #[wasm_bindgen(unchecked_param_type = "(report: Report) => void")] report: Function,
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

    /// Returns the server's limits: `most_bytes`, `most_name_bytes`, `most_metadata_bytes`, `login`. They apply
    /// to files that are added afterwards.
    ///
    /// # Errors
    /// Rejects with a failure if the request fails.
    #[wasm_bindgen(unchecked_return_type = "Policy")]
    pub async fn policy(&self) -> Result<JsValue, JsValue> {
        let queue = self.0.clone();
        let policy = queue.shared.server.policy().await;
        let policy = policy.map_err(|error| thrown(&error.into()))?;
        queue.keep_to(Reflect::get(&policy, &"most_bytes".into())?.as_f64());
        Ok(policy)
    }

    /// Sets the API key of all requests from now on, or removes it. The key is kept in memory only. Files that
    /// wait for it go on.
    #[wasm_bindgen(js_name = logIn)]
    pub fn log_in(&self, api_key: Option<String>) {
        self.0.shared.credential.log_in(api_key);
    }

    /// The person gives no API key: files that wait for one fail, and can be resumed later. Nobody asks again
    /// before `askAgain`.
    #[wasm_bindgen(js_name = logInDeclined)]
    pub fn log_in_declined(&self) {
        self.0.shared.credential.decline();
    }

    /// Allows one more request for an API key after `logInDeclined`.
    #[wasm_bindgen(js_name = askAgain)]
    pub fn ask_again(&self) {
        self.0.shared.credential.ask_again();
    }

    /// Uploads a file, once it has a permit. `id` is the caller's id for it. `name` is its name on the server,
    /// by default the file's. After `failed` or `left` the file may be added again under the same `id`, which
    /// resumes the same upload if possible.
    pub fn add(&self, id: u32, file: File, name: Option<String>) {
        let (file, name) = chosen(file, name);
        self.0.add(id, file, name);
    }

    /// Resumes an upload that `unfinished` listed. The parts that were sent are sealed again and compared first.
    /// With another file it ends with `failed`, `file_changed`.
    pub fn resume(&self, id: u32, upload_id: &str, file: File) {
        match parsed(upload_id) {
            Ok(upload) => self.0.resume(id, upload, ChosenFile::new(file)),
            Err(fault) => self.0.refuse(id, fault),
        }
    }

    /// Cancels what an earlier attempt at this `id` left, and uploads the file as a new one.
    #[wasm_bindgen(js_name = startAnew)]
    pub fn start_anew(&self, id: u32, file: File, name: Option<String>) {
        let (file, name) = chosen(file, name);
        self.0.start_anew(id, file, name);
    }

    /// Pauses a file. It reports `paused`, unless it is too late.
    pub fn pause(&self, id: u32) {
        self.0.ask(id, Control::Pause);
    }

    /// Continues a paused file, once it has a permit.
    #[wasm_bindgen(js_name = goOn)]
    pub fn go_on(&self, id: u32) {
        self.0.ask(id, Control::Continue);
    }

    /// Answers `unchecked`: whether to send the rest of the file as it is now. With `false` it ends with
    /// `left`.
    pub fn confirm(&self, id: u32, yes: bool) {
        let asked = match yes {
            true => FromPage::Confirmed,
            false => Control::Leave.into(),
        };
        self.0.ask(id, asked);
    }

    /// Cancels a file. It ends with `cancelled`, or with `done` if it was too late.
    pub fn cancel(&self, id: u32) {
        self.0.ask(id, Control::Cancel);
    }

    /// Ends a file, and leaves on the server what was sent, so that it can be resumed. It ends with `left`.
    pub fn leave(&self, id: u32) {
        self.0.ask(id, Control::Leave);
    }

    /// Returns the caller's uploads that can be resumed, newest first: `upload_id`, `name`, `size`,
    /// `last_modified_ms`, `expires_at_ms`, `signed_parts` of `part_count`, and more.
    ///
    /// # Errors
    /// Rejects with a failure if the request fails.
    #[wasm_bindgen(unchecked_return_type = "UploadSummary[]")]
    pub async fn unfinished(&self) -> Result<JsValue, JsValue> {
        let queue = self.0.clone();
        let uploads = queue.shared.server.unfinished().await;
        Ok(uploads.map_err(|error| thrown(&error.into()))?.into())
    }

    /// Cancels an upload that `unfinished` listed.
    ///
    /// # Errors
    /// Rejects with a failure, which is `other_tab` if a tab has the upload, even this one.
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

/// Parses an upload id. A text that is not an id names no upload.
fn parsed(upload_id: &str) -> Result<UploadId, Fault> {
    upload_id.parse().map_err(|_| Fault::UploadGone)
}

fn thrown(fault: &Fault) -> JsValue {
    to_js(&Failure::from(fault)).unwrap_or(JsValue::NULL)
}
