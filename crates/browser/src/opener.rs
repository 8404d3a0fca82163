//! The class that JavaScript sees on the page of a file.

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

use self::report::OpenerReporter;
use crate::{
    browser::len_of,
    credential::Credential,
    failure::Fault,
    opening::{Giver, Opening, Progress},
    part_buffers::PartBuffers,
    part_files::PartFiles,
    report::Reporter,
    server_api::ServerApi,
    shared::Options,
    sink::{Saved, Sink, Way},
};

/// Opens files in this browser, one at a time. Made once, in a worker.
///
/// ```js
/// import init, { Opener } from './sealift_browser.js';
/// await init();
/// const opener = new Opener((message) => postMessage(message));
/// opener.save(fileId, size, handle, false);
/// ```
///
/// Messages of a file that is being saved have a `type`: `on-disk` (the file that it is opened into, by
/// its `folder`, a handle, and its `name`), `progress` (`opened` of `size` plaintext bytes have come), `retrying`, `credential-needed` (until `logIn` or `logInDeclined`), and at the end
/// `done` (`how`: `picker`, `disk` or `memory`; of the last two with the `blob` to be offered), `failed`
/// (`failure`: `code`, `detail`, `status`, `requestId`, `numbers`) or `cancelled`. After these two
/// nothing of the file stays.
#[wasm_bindgen]
pub struct Opener(Rc<Shared>);

struct Shared {
    server: Rc<ServerApi>,
    credential: Rc<Credential>,
    reporter: Rc<OpenerReporter>,
    stall_ms: u64,
    buffers: PartBuffers,
    files: PartFiles,
    /// Dropped, the one under way ends.
    under_way: RefCell<Option<oneshot::Sender<()>>>,
    /// What was offered last: the browser may be copying it until the next one is whole.
    offered: RefCell<Option<Saved>>,
}

#[wasm_bindgen]
impl Opener {
    /// `report` is called with every message. `options` may have `stallMs`, how long a request to the
    /// store may stand still.
    #[wasm_bindgen(constructor)]
    pub fn new(report: Function, options: Option<Object>) -> Self {
        console_error_panic_hook::set_once();
        let options = options.as_ref().map(Options::from_js).unwrap_or_default();
        let reporter = Reporter::new(report);
        let credential = Rc::new(Credential::new(reporter.clone()));
        let shared = Rc::new(Shared {
            server: Rc::new(ServerApi::new(credential.clone())),
            credential,
            reporter: Rc::new(OpenerReporter::new(reporter)),
            stall_ms: options.patience.stall_ms,
            buffers: PartBuffers::default(),
            files: PartFiles::default(),
            under_way: RefCell::default(),
            offered: RefCell::default(),
        });
        let tidied = shared.clone();
        spawn_local(async move { tidied.files.delete_leftovers().await });
        Self(shared)
    }

    /// Requests carry this API key from now on; none without an argument, and then the browser sends
    /// the cookie of a redeemed ticket by itself. Kept in memory only.
    #[wasm_bindgen(js_name = logIn)]
    pub fn log_in(&self, api_key: Option<String>) {
        self.0.credential.log_in(api_key);
    }

    /// There is no key to be had: what waits for one ends.
    #[wasm_bindgen(js_name = logInDeclined)]
    pub fn log_in_declined(&self) {
        self.0.credential.decline();
    }

    /// Fetches a file of that many bytes, opens it here, and saves it: into `picked`, else into a file of
    /// this page's own, or, where `in_memory`, into a blob. Another one under way ends.
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

    /// The page is left: the one under way ends, and nothing that was opened stays on the browser's own
    /// disk. The browser goes on with a download that it has begun to copy.
    pub fn leave(&self) {
        self.0.under_way.take();
        self.0.offered.take();
    }

    /// Ends the one under way by `cancelled`, or by `done` where it was too late.
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
        // Nothing runs on behind this: a piece under way ends with its future.
        let opened = {
            let opening = core::pin::pin!(self.open(file, size, &sink));
            match select(opening, cancelled).await {
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

    /// Where the file goes. What was offered last makes room, where there is none beside it.
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

    async fn open(&self, file: Result<FileId, Fault>, size: u64, sink: &Sink) -> Result<(), Fault> {
        let progress = Rc::new(Progress::new(self.reporter.clone(), size));
        let giver = Giver {
            server: self.server.clone(),
            file: file?,
            stall_ms: self.stall_ms,
        };
        let given = giver.ask(|| self.reporter.retrying()).await?;
        if given.size != size {
            return Err(Fault::Answer("the file has another size than was shown"));
        }
        let opening = Opening::new(giver, given).await?;
        opening.open_into(sink, &self.buffers, &progress).await
    }
}

/// What is no id names no file.
fn parsed(file_id: &str) -> Result<FileId, Fault> {
    file_id.parse().map_err(|_| Fault::NoSuchFile)
}
