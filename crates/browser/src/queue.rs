//! Holds all files of a page: which are under way, and which earlier uploads can be resumed. `Uploads` calls
//! it, and it runs one [`Uploader`] for each file.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::channel::mpsc;
use sealift_transfer::api::{UploadId, files};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser::{len_of, random},
    failure::{Failure, Fault},
    file_slice::ChosenFile,
    report::{Report, Reporter},
    shared::{Shared, lock_of},
    short_map::ShortMap,
    tab_lock::TabLock,
    uploader::{Beginning, Ended, Ending, FromPage, Uploader},
};

/// The files of a page, by the page's ids for them.
pub struct Queue {
    /// The state that all uploads share.
    pub shared: Rc<Shared>,
    reporter: Reporter,
    /// The server's limit, once it is known.
    most_bytes: Cell<Option<u64>>,
    under_way: RefCell<ShortMap<u32, mpsc::UnboundedSender<FromPage>>>,
    earlier: RefCell<ShortMap<u32, Earlier>>,
}

/// The state of an earlier attempt at a file, so that the next attempt can resume it.
#[derive(Clone)]
enum Earlier {
    /// A client token. Opening with it again finds the upload, if the server opened it.
    Asked(String),
    /// An upload that the server has opened.
    Opened(UploadId),
}

impl Queue {
    /// Starts without files.
    #[must_use]
    pub fn new(shared: Rc<Shared>, reporter: Reporter) -> Self {
        Self {
            shared,
            reporter,
            most_bytes: Cell::new(None),
            under_way: RefCell::default(),
            earlier: RefCell::default(),
        }
    }

    /// Sets the size limit for files that are added from now on.
    pub fn keep_to(&self, most_bytes: Option<f64>) {
        self.most_bytes.set(most_bytes.map(len_of));
    }

    /// Uploads a file, or resumes what an earlier attempt left. The server records it under `name`.
    pub fn add(self: &Rc<Self>, id: u32, file: ChosenFile, name: String) {
        let beginning = self.measure(&file).and_then(|()| self.beginning(id, name));
        self.begin(id, file, beginning);
    }

    /// Resumes an upload that was begun earlier.
    pub fn resume(self: &Rc<Self>, id: u32, upload: UploadId, file: ChosenFile) {
        self.begin(id, file, Ok(Beginning::Resume(upload)));
    }

    /// Reports a fault without beginning an upload.
    pub fn refuse(&self, id: u32, fault: Fault) {
        self.report(id, Ending::Failed(fault), false);
    }

    /// Cancels what an earlier attempt left, and uploads the file as a new one.
    pub fn start_anew(self: &Rc<Self>, id: u32, file: ChosenFile, name: String) {
        if self.under_way.borrow().get(&id).is_some() {
            return;
        }
        if let Some(Earlier::Opened(upload)) = self.earlier.borrow_mut().remove(&id) {
            let queue = self.clone();
            spawn_local(async move {
                // Nobody waits for this: if it fails, the upload expires on the server.
                let _expires = queue.discard(&upload).await;
            });
        }
        self.add(id, file, name);
    }

    /// Cancels an upload that no tab has under way.
    ///
    /// # Errors
    /// Returns [`Fault::OtherTab`] if a tab has it, and [`Fault::Request`] if the server does not cancel it.
    pub async fn discard(&self, upload: &UploadId) -> Result<(), Fault> {
        let lock = TabLock::take(&lock_of(upload)).await?;
        let _ours = lock.ok_or(Fault::OtherTab)?;
        Ok(self.shared.server.abort(upload).await?)
    }

    /// Passes on what the page asks of a file, if it is under way.
    pub fn ask(&self, id: u32, asked: impl Into<FromPage>) {
        if let Some(page) = self.under_way.borrow().get(&id) {
            // Sending fails if the upload has just ended.
            let _received = page.unbounded_send(asked.into());
        }
    }

    fn begin(self: &Rc<Self>, id: u32, file: ChosenFile, beginning: Result<Beginning, Fault>) {
        if self.under_way.borrow().get(&id).is_some() {
            return;
        }
        let beginning = match beginning {
            Ok(beginning) => beginning,
            Err(fault) => return self.refuse(id, fault),
        };
        let (page, from_page) = mpsc::unbounded();
        self.under_way.borrow_mut().insert(id, page);
        let reporter = self.reporter.on_file(id);
        let uploader = Uploader::new(self.shared.clone(), Rc::new(file), beginning, reporter);
        let queue = self.clone();
        spawn_local(async move {
            let ended = uploader.run(from_page).await;
            queue.end(id, ended);
        });
    }

    fn measure(&self, file: &ChosenFile) -> Result<(), Fault> {
        let size = file.size();
        match self.most_bytes.get() {
            Some(most_bytes) if size > most_bytes => Err(Fault::FileTooLarge { size, most_bytes }),
            _ => Ok(()),
        }
    }

    fn beginning(&self, id: u32, name: String) -> Result<Beginning, Fault> {
        let mut earlier = self.earlier.borrow_mut();
        let client_token = match earlier.get(&id) {
            Some(Earlier::Opened(upload)) => return Ok(Beginning::Resume(upload.clone())),
            Some(Earlier::Asked(client_token)) => client_token.clone(),
            None => UploadId::from_random(random()?).to_string(),
        };
        earlier.insert(id, Earlier::Asked(client_token.clone()));
        Ok(Beginning::Open { client_token, name })
    }

    fn end(&self, id: u32, ended: Ended) {
        self.under_way.borrow_mut().remove(&id);
        match ended.upload_id.map(Earlier::Opened) {
            _ if !ended.goes_on => {
                self.earlier.borrow_mut().remove(&id);
            }
            Some(opened) => {
                self.earlier.borrow_mut().insert(id, opened);
            }
            None => {}
        }
        self.report(id, ended.ending, ended.goes_on);
    }

    fn report(&self, id: u32, ending: Ending, goes_on: bool) {
        self.reporter.report(&match ending {
            Ending::Done(record) => Report::Done {
                id,
                content_path: files::content_path(&record.id),
                record,
            },
            Ending::Cancelled => Report::Cancelled { id },
            Ending::Left => Report::Left { id },
            Ending::Failed(fault) => Report::Failed {
                id,
                failure: Failure::from(&fault),
                goes_on,
            },
        });
    }
}
