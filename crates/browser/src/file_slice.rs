//! Reads ranges of the chosen file, and fails if the file is no longer what it was when it was chosen.
//! Sealing another plaintext under the same key and frame numbers would reveal the key's secrets (docs/FORMAT.md, R2).

use core::{ops::Range, pin::pin};

use futures::future::{Either, select};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use crate::{
    browser::{len_of, number_of, sleep, time_ms_of},
    failure::Fault,
};

/// The most milliseconds to wait for the end of a file that claims 0 bytes.
const EMPTY_PATIENCE_MS: u64 = 5_000;

/// The chosen file, with the size and modification time that it had then.
pub struct ChosenFile {
    file: File,
    size: u64,
    last_modified_ms: i64,
}

impl ChosenFile {
    /// Records the file's size and modification time as they are now.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self {
            size: len_of(file.size()),
            last_modified_ms: time_ms_of(file.last_modified()),
            file,
        }
    }

    /// Returns the file, to be read in another worker. Whoever reads it compares size and modification time.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Returns the file's name, as the person knows it.
    #[must_use]
    pub fn name(&self) -> String {
        self.file.name()
    }

    /// Returns the media type that the browser assumes, or `None` if it assumes none.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        Some(self.file.type_()).filter(|kind| !kind.is_empty())
    }

    /// Returns the number of plaintext bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the time of the last modification, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn last_modified_ms(&self) -> i64 {
        self.last_modified_ms
    }

    /// Reads all of the plaintext in `range`.
    ///
    /// # Errors
    /// Returns [`Fault::FileChanged`] if the file is no longer what it was. Browsers check this too, and then
    /// refuse to read.
    pub async fn read(&self, range: &Range<u64>) -> Result<Uint8Array, Fault> {
        self.compare()?;
        let slice = self.slice(range)?;
        let read = JsFuture::from(slice.array_buffer());
        let read = match self.size {
            0 => Self::within_patience(read).await?,
            _ => read.await,
        };
        self.compare()?;
        let plaintext = Uint8Array::new(&read.map_err(|_| Fault::FileChanged)?);
        if u64::from(plaintext.length()) == range.end.saturating_sub(range.start) {
            Ok(plaintext)
        } else {
            Err(Fault::FileChanged)
        }
    }

    /// Returns the blob to read. Browsers cut slices by the size, which is only the file system's claim, so a
    /// slice holds nothing beyond it. A file that claims 0 bytes is read whole, because more bytes show then;
    /// some browsers refuse to read such a file.
    fn slice(&self, range: &Range<u64>) -> Result<Blob, Fault> {
        if self.size == 0 {
            return Ok(self.file.clone().into());
        }
        let (start, end) = (number_of(range.start), number_of(range.end));
        let slice = self.file.slice_with_f64_and_f64(start, end);
        slice.map_err(|_| Fault::FileChanged)
    }

    /// Waits a limited time for a file that claims 0 bytes. A file that really is empty is read at once, but a
    /// pipe claims 0 bytes too, and its end may never come.
    async fn within_patience(read: JsFuture) -> Result<Result<JsValue, JsValue>, Fault> {
        match select(read, pin!(sleep(EMPTY_PATIENCE_MS))).await {
            Either::Left((read, _)) => Ok(read),
            Either::Right(_) => Err(Fault::FileChanged),
        }
    }

    fn compare(&self) -> Result<(), Fault> {
        let now = (
            len_of(self.file.size()),
            time_ms_of(self.file.last_modified()),
        );
        if now == (self.size, self.last_modified_ms) {
            Ok(())
        } else {
            Err(Fault::FileChanged)
        }
    }
}
