//! Keeps large parts, and decrypted files until they are downloaded, in files that only this page can see
//! (the origin private file system, OPFS). Each page has a folder, and holds a lock while it uses it. A crash
//! or a closed tab leaves a folder without a lock, which is deleted later.

use std::rc::Rc;

use futures::lock::Mutex;
use js_sys::{JsString, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemRemoveOptions,
    FileSystemSyncAccessHandle,
};

use crate::{
    browser::{len_of, navigator, number_of, random},
    failure::Fault,
    slots::{Permit, Slots},
    tab_lock::TabLock,
};

/// The folder that contains the folders of all pages.
const ALL: &str = "sealift-parts";
/// The most parts on disk at once: one is sealed while another is sent.
const MOST_FILES: u32 = 2;

/// A page's files on disk.
pub struct PartFiles {
    at_once: Slots,
    folder: Mutex<Option<Rc<Folder>>>,
}

struct Folder {
    handle: FileSystemDirectoryHandle,
    _in_use: TabLock,
}

/// A file on disk: the sealed bytes of a part, or a decrypted file. Dropping it deletes the file.
pub struct PartFile {
    name: String,
    part_bytes: u64,
    handle: FileSystemFileHandle,
    /// The handle for writing, until everything is written.
    open: Option<FileSystemSyncAccessHandle>,
    folder: Rc<Folder>,
    _permit: Permit,
}

impl Default for PartFiles {
    fn default() -> Self {
        Self {
            at_once: Slots::of(MOST_FILES),
            folder: Mutex::default(),
        }
    }
}

impl PartFiles {
    /// Checks that there is room for as many parts of that size as may be on disk at once.
    ///
    /// # Errors
    /// Returns [`Fault::NoRoom`] if there is not, and [`Fault::PartTooLarge`] if the browser has no such files.
    pub async fn check_room(&self, part_bytes: u64) -> Result<(), Fault> {
        self.check_room_of(part_bytes.saturating_mul(MOST_FILES.into()))
            .await
    }

    /// Checks that there is room for `needed_bytes`.
    ///
    /// # Errors
    /// Fails as [`Self::check_room`] does.
    pub async fn check_room_of(&self, needed_bytes: u64) -> Result<(), Fault> {
        let free_bytes = free_bytes().await.map_err(|_| Fault::PartTooLarge {
            part_bytes: needed_bytes,
        })?;
        if needed_bytes <= free_bytes {
            return Ok(());
        }
        Err(Fault::NoRoom {
            needed_bytes,
            free_bytes,
        })
    }

    /// Creates a file for a part of `part_bytes`. Waits if as many files as allowed are on disk.
    ///
    /// # Errors
    /// Returns [`Fault::PartTooLarge`] if the browser has no such files.
    pub async fn create(&self, part_bytes: u64) -> Result<PartFile, Fault> {
        let lacking = |_| Fault::PartTooLarge { part_bytes };
        let permit = self.at_once.acquire(1).await;
        let folder = self.folder().await?.ok_or(JsValue::NULL).map_err(lacking)?;
        let name = random_name()?;
        let handle = created(&folder.handle, &name).await.map_err(lacking)?;
        let mut file = PartFile {
            name,
            part_bytes,
            handle,
            open: None,
            folder,
            _permit: permit,
        };
        let open = JsFuture::from(file.handle.create_sync_access_handle()).await;
        file.open = Some(open.map_err(lacking)?.unchecked_into());
        Ok(file)
    }

    /// Returns this page's folder, and makes it when first needed; `None` if the browser has no such files.
    async fn folder(&self) -> Result<Option<Rc<Folder>>, Fault> {
        let mut ours = self.folder.lock().await;
        if let Some(folder) = ours.as_ref() {
            return Ok(Some(folder.clone()));
        }
        let name = random_name()?;
        // The lock comes first, because any page may delete a folder without one.
        let Some(in_use) = TabLock::take(&lock_of(&name)).await? else {
            return Ok(None);
        };
        let Ok(handle) = made(&name).await else {
            return Ok(None);
        };
        let folder = Folder {
            handle,
            _in_use: in_use,
        };
        Ok(ours.insert(Rc::new(folder)).clone().into())
    }

    /// Deletes the folders of pages that were closed or crashed.
    pub async fn delete_leftovers(&self) {
        // An error means that the browser has no OPFS, so there is nothing to delete.
        let _nothing_there = delete_unlocked().await;
    }
}

impl PartFile {
    /// Writes some bytes of the part at offset `at`.
    ///
    /// # Errors
    /// Returns [`Fault::NoRoom`] if they cannot be written; its `free_bytes` is `at`, the room there was.
    pub fn write(&mut self, sealed: &Uint8Array, at: u64) -> Result<(), Fault> {
        let no_room = || Fault::NoRoom {
            needed_bytes: self.part_bytes,
            free_bytes: at,
        };
        let options = FileSystemReadWriteOptions::new();
        options.set_at_f64(number_of(at));
        let open = self.open.as_ref().ok_or_else(no_room)?;
        let written = open
            .write_with_js_u8_array_and_options(sealed, &options)
            .map_err(|_| no_room())?;
        if len_of(written) == u64::from(sealed.length()) {
            Ok(())
        } else {
            Err(no_room())
        }
    }

    /// Closes the file after the last write, and returns its content.
    ///
    /// # Errors
    /// Returns [`Fault::Browser`] if the file does not have all bytes.
    pub async fn finish(&mut self) -> Result<Blob, Fault> {
        const LOST: Fault = Fault::Browser("a file on its disk is not as it was written");
        self.close();
        let file = JsFuture::from(self.handle.get_file()).await;
        let blob: Blob = file.map_err(|_| LOST)?.unchecked_into();
        if len_of(blob.size()) == self.part_bytes {
            Ok(blob)
        } else {
            Err(LOST)
        }
    }

    /// Returns the folder that contains the file, and the file's name there.
    #[must_use]
    pub fn folder_and_name(&self) -> (&FileSystemDirectoryHandle, &str) {
        (&self.folder.handle, &self.name)
    }

    /// Deletes the file, and returns once its room is free.
    pub async fn delete(mut self) {
        self.close();
        // If it is gone already, there is nothing to do.
        let _deleted = JsFuture::from(self.folder.handle.remove_entry(&self.name)).await;
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            open.close();
        }
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        self.close();
        let (folder, name) = (self.folder.clone(), core::mem::take(&mut self.name));
        spawn_local(async move {
            // If this fails, the file is deleted with its folder when the page is opened again.
            let _deleted = JsFuture::from(folder.handle.remove_entry(&name)).await;
        });
    }
}

fn random_name() -> Result<String, Fault> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}

fn lock_of(folder: &str) -> String {
    format!("{ALL}-{folder}")
}

/// Returns how many bytes the browser says are left for this page.
async fn free_bytes() -> Result<u64, JsValue> {
    let estimate = JsFuture::from(navigator().storage().estimate()?).await?;
    let number = |name: &str| Ok::<_, JsValue>(Reflect::get(&estimate, &name.into())?.as_f64());
    let (quota, usage) = (number("quota")?, number("usage")?);
    Ok(len_of(quota.unwrap_or(0.0) - usage.unwrap_or(0.0)))
}

async fn all() -> Result<FileSystemDirectoryHandle, JsValue> {
    let storage = navigator().storage();
    // Some browsers have no such files at all, or none in private windows.
    if !Reflect::has(&storage, &"getDirectory".into())? {
        return Err(JsValue::NULL);
    }
    let root = JsFuture::from(storage.get_directory()).await?;
    subfolder(root.unchecked_ref(), ALL).await
}

async fn made(name: &str) -> Result<FileSystemDirectoryHandle, JsValue> {
    subfolder(&all().await?, name).await
}

async fn subfolder(
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<FileSystemDirectoryHandle, JsValue> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(true);
    let made = folder.get_directory_handle_with_options(name, &options);
    Ok(JsFuture::from(made).await?.unchecked_into())
}

async fn created(
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<FileSystemFileHandle, JsValue> {
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    let made = folder.get_file_handle_with_options(name, &options);
    Ok(JsFuture::from(made).await?.unchecked_into())
}

async fn delete_unlocked() -> Result<(), JsValue> {
    let all = all().await?;
    let recursively = FileSystemRemoveOptions::new();
    recursively.set_recursive(true);
    for name in names(&all).await? {
        if let Ok(Some(_nobodys)) = TabLock::take(&lock_of(&name)).await {
            // If the browser does not delete this folder yet, the others are still deleted.
            let _deleted = JsFuture::from(all.remove_entry_with_options(&name, &recursively)).await;
        }
    }
    Ok(())
}

async fn names(folder: &FileSystemDirectoryHandle) -> Result<Vec<String>, JsValue> {
    let (keys, mut names) = (folder.keys(), Vec::new());
    loop {
        let next: Object = JsFuture::from(keys.next()?).await?.unchecked_into();
        if Reflect::get(&next, &"done".into())?.is_truthy() {
            return Ok(names);
        }
        let name: JsString = Reflect::get(&next, &"value".into())?.unchecked_into();
        names.push(name.into());
    }
}
