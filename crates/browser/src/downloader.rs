//! The class that JavaScript uses on the page of a file: it decrypts a file and saves it.

pub mod report;

use std::{cell::RefCell, rc::Rc};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use js_sys::{Function, Object};
use sealift_transfer::api::FileId;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use web_sys::FileSystemFileHandle;

use self::report::DownloadReporter;
use crate::{
    browser::len_of,
    credential::Credential,
    decrypt::{Decryption, Giver, MOST_BUFFER_BYTES, Progress},
    failure::Fault,
    part_buffers::PartBuffers,
    part_files::PartFiles,
    report::Reporter,
    server_api::ServerApi,
    shared::Options,
    sink::{Saved, Sink, Way},
};

/// Decrypts files in this browser, one at a time. The page makes one, in a worker.
///
/// ```js
/// import init, { Opener } from './sealift_browser.js';
/// await init();
/// const opener = new Opener((message) => postMessage(message));
/// opener.save(fileId, size, handle, false);
/// ```
///
/// Messages have a `type`: `on-disk` (the plaintext goes into the file `name` of the handle `folder`),
/// `progress` (`opened` of `size` plaintext bytes received), `retrying`, `credential-needed` (until `logIn`
/// or `logInDeclined`), and at the end `done` (`how`: `picker`, `disk` or `memory`; the latter two come with
/// the `blob` to offer), `failed` (`failure`: `code`, `detail`, `status`, `requestId`, `numbers`) or
/// `cancelled`. After `failed` and `cancelled` nothing of the file stays.
#[wasm_bindgen(js_name = Opener)]
pub struct Downloader(Rc<Shared>);

struct Shared {
    server: Rc<ServerApi>,
    credential: Rc<Credential>,
    reporter: Rc<DownloadReporter>,
    stall_ms: u64,
    buffers: PartBuffers,
    files: PartFiles,
    /// Dropping this sender ends the download under way.
    under_way: RefCell<Option<oneshot::Sender<()>>>,
    /// The last offered file, kept until the next is complete because the browser may still be copying it.
    offered: RefCell<Option<Saved>>,
}

#[wasm_bindgen(js_class = Opener)]
impl Downloader {
    /// Calls `report` with every message. `options` may have `stallMs`: how long a request to the store may
    /// stall.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "(report: DownloadReport | Report) => void")]
        report: Function,
        options: Option<Object>,
    ) -> Self {
        console_error_panic_hook::set_once();
        let options = options.as_ref().map(Options::from_js).unwrap_or_default();
        let reporter = Reporter::new(report);
        let credential = Rc::new(Credential::new(reporter.clone()));
        let shared = Rc::new(Shared {
            server: Rc::new(ServerApi::new(credential.clone())),
            credential,
            reporter: Rc::new(DownloadReporter::new(reporter)),
            stall_ms: options.patience.stall_ms,
            buffers: PartBuffers::at_most(MOST_BUFFER_BYTES),
            files: PartFiles::default(),
            under_way: RefCell::default(),
            offered: RefCell::default(),
        });
        let tidied = shared.clone();
        spawn_local(async move { tidied.files.delete_leftovers().await });
        Self(shared)
    }

    /// Sets the API key of all requests from now on. Without one, the browser sends the cookie of a redeemed
    /// ticket by itself. The key is kept in memory only.
    #[wasm_bindgen(js_name = logIn)]
    pub fn log_in(&self, api_key: Option<String>) {
        self.0.credential.log_in(api_key);
    }

    /// The person gives no API key: whatever waits for one fails.
    #[wasm_bindgen(js_name = logInDeclined)]
    pub fn log_in_declined(&self) {
        self.0.credential.decline();
    }

    /// Fetches a file of `size` bytes, decrypts it and saves it: into `picked` if given, into a blob if
    /// `in_memory`, and otherwise into a file of this page's own. Ends another download under way.
    pub fn save(
        &self,
        file_id: &str,
        size: f64,
        picked: Option<FileSystemFileHandle>,
        in_memory: bool,
    ) {
        let way = match picked {
            Some(file) => Way::Picked(file),
            None if in_memory => Way::InMemory,
            None => Way::OnDisk,
        };
        self.0.credential.ask_again();
        let shared = self.0.clone();
        let file = parsed(file_id);
        let (under_way, cancelled) = oneshot::channel();
        self.0.under_way.replace(Some(under_way));
        spawn_local(async move { shared.save(file, len_of(size), way, cancelled).await });
    }

    /// Call this when the page closes. It ends the download under way and deletes decrypted files from the
    /// browser's own disk. The browser still completes a download that it is already copying.
    pub fn leave(&self) {
        self.0.under_way.take();
        self.0.offered.take();
    }

    /// Cancels the download under way. It ends with `cancelled`, or with `done` if it was too late.
    pub fn cancel(&self) {
        self.0.under_way.take();
    }
}

impl Shared {
    async fn save(
        &self,
        file: Result<FileId, Fault>,
        size: u64,
        way: Way,
        cancelled: oneshot::Receiver<()>,
    ) {
        let sink = match self.sink(way, size).await {
            Ok(sink) => sink,
            Err(fault) => return self.reporter.failed(&fault),
        };
        if let Sink::OnDisk(file) = &sink {
            self.reporter.on_disk(&*file.lock().await);
        }
        // Dropping the future also ends the pieces under way, so nothing runs on after this block.
        let opened = {
            let decrypting = core::pin::pin!(self.decrypt(file, size, &sink));
            match select(decrypting, cancelled).await {
                Either::Left((opened, _)) => Some(opened),
                Either::Right(_) => None,
            }
        };
        match opened {
            Some(Ok(())) => match sink.finish().await {
                Ok(saved) => {
                    self.reporter.done(&saved);
                    self.offered.replace(Some(saved));
                }
                Err(fault) => self.reporter.failed(&fault),
            },
            Some(Err(fault)) => {
                sink.discard().await;
                self.reporter.failed(&fault);
            }
            None => {
                sink.discard().await;
                self.reporter.cancelled();
            }
        }
    }

    /// Makes the sink. If the disk has no room for it, the last offered file is deleted first.
    async fn sink(&self, way: Way, size: u64) -> Result<Sink, Fault> {
        let made = Sink::new(way, size, &self.files).await;
        if !matches!(made, Err(Fault::NoRoom { .. })) {
            return made;
        }
        let Some(Saved::OnDisk(_, file)) = self.offered.take() else {
            return made;
        };
        file.delete().await;
        Sink::new(Way::OnDisk, size, &self.files).await
    }

    async fn decrypt(
        &self,
        file: Result<FileId, Fault>,
        size: u64,
        sink: &Sink,
    ) -> Result<(), Fault> {
        let progress = Progress::new(self.reporter.clone(), size);
        let giver = Giver {
            server: self.server.clone(),
            file: file?,
            stall_ms: self.stall_ms,
        };
        let given = giver.ask(|| self.reporter.retrying()).await?;
        if given.size != size {
            return Err(Fault::Answer("the file has another size than was shown"));
        }
        let decryption = Decryption::new(giver, given).await?;
        decryption
            .decrypt_into(sink, &self.buffers, &progress)
            .await
    }
}

/// Parses a file id. A text that is not an id names no file.
fn parsed(file_id: &str) -> Result<FileId, Fault> {
    file_id.parse().map_err(|_| Fault::NoSuchFile)
}
