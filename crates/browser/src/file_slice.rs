//! The chosen file, read piece by piece and held to what it was when it was chosen: another
//! plaintext under the same key and frame numbers would give the key's secrets away (FORMAT.md R2).

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

/// How long the end of a file that says 0 bytes is waited for.
const EMPTY_PATIENCE_MS: u64 = 5_000;

/// A file as it was when it was chosen.
pub struct ChosenFile {
    file: File,
    size: u64,
    last_modified_ms: i64,
}

impl ChosenFile {
    /// Notes what the file is now.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self {
            size: len_of(file.size()),
            last_modified_ms: time_ms_of(file.last_modified()),
            file,
        }
    }

    /// Its name, as the person knows it.
    #[must_use]
    pub fn name(&self) -> String {
        self.file.name()
    }

    /// The media type that the browser believes in; `None` where it has no idea.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        Some(self.file.type_()).filter(|kind| !kind.is_empty())
    }

    /// Plaintext bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn last_modified_ms(&self) -> i64 {
        self.last_modified_ms
    }

    /// The plaintext in `range`, all of it.
    ///
    /// # Errors
    /// [`Fault::FileChanged`] where the file is no longer what it was. Browsers compare too, and then
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

    /// A size is a claim of the file system. Browsers cut slices by it, so nothing beyond it can be
    /// read; but some refuse to read a whole file that says 0 bytes and has more.
    fn slice(&self, range: &Range<u64>) -> Result<Blob, Fault> {
        if self.size == 0 {
            return Ok(self.file.clone().into());
        }
        let (start, end) = (number_of(range.start), number_of(range.end));
        let slice = self.file.slice_with_f64_and_f64(start, end);
        slice.map_err(|_| Fault::FileChanged)
    }

    /// A file that really is empty has been read at once. A pipe says 0 bytes too, and its end may
    /// never come.
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
