//! All files of a page: the one class that JavaScript sees.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use futures::channel::oneshot;
use js_sys::Function;
use sealift_transfer::api::{Policy, UploadId, files};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::{
    allowance::Allowance,
    browser::random,
    failure::{Failure, Fault},
    file_slice::ChosenFile,
    report::{Report, Reporter, to_js},
    seal::agreement,
    uploader::{Ended, Shared, Uploader},
};

/// Files at once: small ones are quick then, as each waits for four answers one after the other.
const MOST_FILES: u64 = 6;

/// The uploads of a page. Made once, in a worker: sealing must not hold up what is on the screen.
///
/// ```js
/// import init, { Uploads } from './sealift_browser.js';
/// await init();
/// const uploads = await Uploads.open('web-crypto', (message) => postMessage(message));
/// uploads.add(1, file);
/// ```
///
/// Messages have a `type` and the file's `id`: `state` (`state`: `sealing`, `sending`, `checking`),
/// `progress` (`sent` bytes), `retrying`, and one of `done` (`record`, `contentPath`), `failed` (`failure`:
/// `code`, `detail`, `status`, `requestId`, `numbers`) and `cancelled` at the end.
#[wasm_bindgen]
pub struct Uploads(Rc<Queue>);

struct Queue {
    shared: Rc<Shared>,
    reporter: Reporter,
    files: Allowance,
    policy: RefCell<Option<Policy>>,
    cancels: RefCell<BTreeMap<u32, oneshot::Sender<()>>>,
    /// Client tokens of uploads that can go on when their file is added again.
    tokens: RefCell<BTreeMap<u32, String>>,
}

#[wasm_bindgen]
impl Uploads {
    /// Gets ready. `backend` is `web-crypto` or `aes-gcm`; both are compared on a sample first.
    /// `report` is called with every message.
    ///
    /// # Errors
    /// Rejects with a failure (`code`, `detail`) where the browser is not fit.
    pub async fn open(backend: String, report: Function) -> Result<Self, JsValue> {
        console_error_panic_hook::set_once();
        let backend = backend.parse().map_err(|fault| thrown(&fault))?;
        agreement::prove().await.map_err(|fault| thrown(&fault))?;
        Ok(Self(Rc::new(Queue {
            shared: Rc::new(Shared::new(backend)),
            reporter: Reporter::new(report),
            files: Allowance::of(MOST_FILES),
            policy: RefCell::default(),
            cancels: RefCell::default(),
            tokens: RefCell::default(),
        })))
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
        let told = to_js(&policy)?;
        queue.policy.replace(Some(policy));
        Ok(told)
    }

    /// Requests carry this API key from now on; none without an argument. Kept in memory only.
    #[wasm_bindgen(js_name = logIn)]
    pub fn log_in(&self, api_key: Option<String>) {
        self.0.shared.server.log_in(api_key);
    }

    /// Uploads a file, as soon as its turn comes. `id` is the caller's name for it. After `failed` the
    /// same file may be added again under the same `id`: the same upload goes on where that is possible.
    pub fn add(&self, id: u32, file: File) {
        let (cancel, cancelled) = oneshot::channel();
        self.0.cancels.borrow_mut().insert(id, cancel);
        let queue = self.0.clone();
        spawn_local(async move {
            let ended = queue.upload(id, ChosenFile::new(file), cancelled).await;
            queue.tell(id, ended);
        });
    }

    /// Takes a file back. It ends by `cancelled`, or by `done` where it was too late.
    pub fn cancel(&self, id: u32) {
        if let Some(cancel) = self.0.cancels.borrow_mut().remove(&id) {
            // It may have ended just now.
            let _ended_already = cancel.send(());
        }
    }
}

impl Queue {
    async fn upload(
        self: &Rc<Self>,
        id: u32,
        file: ChosenFile,
        mut cancelled: oneshot::Receiver<()>,
    ) -> Ended {
        if let Err(fault) = self.measure(&file) {
            return Ended::Failed(fault);
        }
        let _turn = futures::select_biased! {
            _ = cancelled => return Ended::Cancelled,
            turn = Box::pin(futures::FutureExt::fuse(self.files.take(1))) => turn,
        };
        let token = match self.token(id) {
            Ok(token) => token,
            Err(fault) => return Ended::Failed(fault),
        };
        let reporter = self.reporter.on_file(id);
        Uploader::new(self.shared.clone(), Rc::new(file), token, reporter)
            .run(cancelled)
            .await
    }

    fn measure(&self, file: &ChosenFile) -> Result<(), Fault> {
        let size = file.size();
        match self.policy.borrow().as_ref() {
            Some(policy) if size > policy.most_bytes => Err(Fault::FileTooLarge {
                size,
                most_bytes: policy.most_bytes,
            }),
            _ => Ok(()),
        }
    }

    /// The token of an attempt that can go on, or a new one.
    fn token(&self, id: u32) -> Result<String, Fault> {
        let mut tokens = self.tokens.borrow_mut();
        if let Some(token) = tokens.get(&id) {
            return Ok(token.clone());
        }
        let token = UploadId::from_random(random()?).to_string();
        tokens.insert(id, token.clone());
        Ok(token)
    }

    fn tell(&self, id: u32, ended: Ended) {
        self.cancels.borrow_mut().remove(&id);
        let goes_on = matches!(&ended, Ended::Failed(fault) if fault.can_go_on());
        if !goes_on {
            self.tokens.borrow_mut().remove(&id);
        }
        self.reporter.tell(&match ended {
            Ended::Done(record) => Report::Done {
                id,
                content_path: files::content_path(&record.id),
                record,
            },
            Ended::Cancelled => Report::Cancelled { id },
            Ended::Failed(fault) => Report::Failed {
                id,
                failure: Failure::from(&fault),
            },
        });
    }
}

fn thrown(fault: &Fault) -> JsValue {
    to_js(&Failure::from(fault)).unwrap_or(JsValue::NULL)
}
