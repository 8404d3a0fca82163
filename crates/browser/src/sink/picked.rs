//! Saves into a file that the person picked. The browser writes to a second file and replaces the picked one
//! when the stream is closed. But picking creates or empties the file, so it is removed after a failure.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    File, FileSystemFileHandle, FileSystemWritableFileStream, WriteCommandType, WriteParams,
};

use crate::{
    browser::{len_of, number_of, sleep},
    failure::Fault,
};

/// A picked file that is being written.
pub struct Picked {
    file: FileSystemFileHandle,
    size: u64,
    stream: FileSystemWritableFileStream,
}

impl Picked {
    pub(super) async fn new(file: FileSystemFileHandle, size: u64) -> Result<Self, Fault> {
        match JsFuture::from(file.create_writable()).await {
            Ok(stream) => Ok(Self {
                stream: stream.unchecked_into(),
                file,
                size,
            }),
            Err(_) => {
                remove(&file).await;
                Err(Fault::NotSaved)
            }
        }
    }

    pub(super) async fn write(&self, plaintext: &Uint8Array, at: u64) -> Result<(), Fault> {
        let write = WriteParams::new(WriteCommandType::Write);
        write.set_position(Some(number_of(at)));
        write.set_data(plaintext);
        let written = self.stream.write_with_write_params(&write);
        let written = written.map_err(|_| Fault::NotSaved)?;
        JsFuture::from(written)
            .await
            .map(drop)
            .map_err(|_| Fault::NotSaved)
    }

    pub(super) async fn finish(self) -> Result<(), Fault> {
        let is_whole = match JsFuture::from(self.stream.close()).await {
            Ok(_) => self.has_all().await,
            Err(_) => false,
        };
        if is_whole {
            return Ok(());
        }
        remove(&self.file).await;
        Err(Fault::NotSaved)
    }

    async fn has_all(&self) -> bool {
        let file = JsFuture::from(self.file.get_file()).await;
        file.is_ok_and(|file| len_of(file.unchecked_into::<File>().size()) == self.size)
    }

    pub(super) async fn discard(self) {
        // Both fail only if there is nothing left to discard.
        let _nothing_written = JsFuture::from(self.stream.abort()).await;
        remove(&self.file).await;
    }
}

/// The waits between attempts to remove a file, in milliseconds.
const UNLOCKED_AFTER_MS: [u64; 3] = [20, 200, 1000];

/// Removes the file if the browser can. Not all browsers that pick files can remove them. Chromium may keep a file
/// locked for a moment after its stream was aborted, and refuses to remove it as long.
async fn remove(file: &FileSystemFileHandle) {
    for wait_ms in UNLOCKED_AFTER_MS {
        let remove = Reflect::get(file, &"remove".into()).and_then(|remove| {
            let remove: Function = remove.dyn_into()?;
            remove.call0(file)?.dyn_into::<Promise>()
        });
        let Ok::<_, JsValue>(removed) = remove else {
            return;
        };
        if JsFuture::from(removed).await.is_ok() {
            return;
        }
        sleep(wait_ms).await;
    }
}
