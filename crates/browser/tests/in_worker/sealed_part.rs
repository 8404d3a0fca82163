//! Tests that a part has the same bytes in memory and on disk, and that nothing of it stays.

use js_sys::{Object, Reflect, Uint8Array};
use sealift_browser::{
    failure::Fault,
    file_slice::ChosenFile,
    part_files::PartFiles,
    put_part::Body,
    seal::{Backend, PartSealer},
    sealed_part::{LARGEST_IN_MEMORY, SealedPart, SealedParts},
    sealing_pool::SealingPool,
};
use sealift_transfer::{Part, PartNumber, api::Sha256};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{FileSystemDirectoryHandle, StorageManager, WorkerGlobalScope};

use crate::sample::{LENGTHS, content_key, file, header, plaintext, plan, plan_of, sealed};

const ON_DISK: u64 = 0;

async fn sealer(plan: sealift_transfer::PartPlan, backend: Backend) -> PartSealer {
    PartSealer::new(header().as_bytes(), content_key(), plan, backend)
        .await
        .unwrap()
}

fn alone() -> SealingPool {
    SealingPool::default()
}

async fn bytes_of(part: &SealedPart) -> Vec<u8> {
    match part.body() {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Blob(blob) => {
            let bytes = JsFuture::from(blob.array_buffer()).await.unwrap();
            Uint8Array::new(&bytes).to_vec()
        }
    }
}

#[wasm_bindgen_test]
async fn a_part_is_the_same_in_memory_on_disk_and_sealed_again() {
    for backend in [Backend::WebCrypto, Backend::AesGcm] {
        for len in LENGTHS {
            let plaintext = plaintext(len);
            let expected = sealed(&plaintext, backend).await;
            let file = ChosenFile::new(file(&plaintext));
            let sealer = sealer(plan(len), backend).await;
            for largest in [LARGEST_IN_MEMORY, ON_DISK] {
                let parts = SealedParts::new(largest, alone());
                for (number, expected) in PartNumber::all(plan(len).part_count()).zip(&expected) {
                    let part = sealer.part(number).unwrap();
                    let (sha256, kept) = parts.keep(&sealer, &file, &part).await.unwrap();
                    assert_eq!(sha256, Sha256::of(expected), "part {number} of {len} bytes");
                    assert!(bytes_of(&kept).await == *expected);
                    let again = parts.hash(&sealer, &file, &part).await.unwrap();
                    assert_eq!(again, sha256);
                }
            }
        }
    }
}

/// The part is longer than one read of a file, and than one run that goes to disk.
#[wasm_bindgen_test]
async fn a_part_of_many_reads_is_the_part_of_one() {
    const LEN: u64 = 9_000_000;
    let plaintext = plaintext(LEN);
    let plan = plan_of(LEN, LEN);
    let sealer = sealer(plan, Backend::WebCrypto).await;
    let part: Part = sealer.part(PartNumber::FIRST).unwrap();
    let whole = Uint8Array::new_with_length(part.sealed_len() as u32);
    let source = Uint8Array::from(plaintext.as_slice());
    sealer.seal(&part, &source, &whole).await.unwrap();
    let expected = Sha256::of(&whole.to_vec());
    let file = ChosenFile::new(file(&plaintext));
    for largest in [LARGEST_IN_MEMORY, ON_DISK] {
        let parts = SealedParts::new(largest, alone());
        let (sha256, kept) = parts.keep(&sealer, &file, &part).await.unwrap();
        assert_eq!(sha256, expected);
        assert_eq!(Sha256::of(&bytes_of(&kept).await), expected);
        assert_eq!(parts.hash(&sealer, &file, &part).await.unwrap(), expected);
    }
}

#[wasm_bindgen_test]
async fn a_part_is_sealed_in_pieces_that_tile_it() {
    // The second length is a whole number of frames, so an empty frame ends it.
    for len in [50_000, 12 * 4096] {
        let sealer = sealer(plan_of(len, len), Backend::WebCrypto).await;
        let part = sealer.part(PartNumber::FIRST).unwrap();
        for run_bytes in [1, 4096, 10_000, 1 << 30] {
            let (mut frames, mut sealed) = (part.frames.start, part.sealed.start);
            for run in sealer.runs(&part, run_bytes) {
                let run = run.unwrap();
                assert_eq!((run.frames.start, run.sealed.start), (frames, sealed));
                assert!(run.plaintext_len() <= run_bytes.max(4096));
                assert!(run.plaintext_len() > 0, "{:?}", run.frames);
                (frames, sealed) = (run.frames.end, run.sealed.end);
            }
            assert_eq!((frames, sealed), (part.frames.end, part.sealed.end));
        }
    }
}

#[wasm_bindgen_test]
async fn a_file_on_disk_is_gone_with_its_part() {
    let files = PartFiles::default();
    let mut on_disk = files.create(6).await.unwrap();
    on_disk
        .write(&Uint8Array::from(b"def".as_slice()), 3)
        .unwrap();
    on_disk
        .write(&Uint8Array::from(b"abc".as_slice()), 0)
        .unwrap();
    let blob = on_disk.finish().await.unwrap();
    let bytes = JsFuture::from(blob.array_buffer()).await.unwrap();
    assert_eq!(Uint8Array::new(&bytes).to_vec(), b"abcdef");
    let folder = our_folder().await;
    assert_eq!(count(&folder).await, 1);
    drop(on_disk);
    while count(&folder).await > 0 {}
}

/// Such a file takes hardly any room, because nothing is written before its last byte.
#[wasm_bindgen_test]
async fn a_part_may_be_longer_than_32_bits_count() {
    const LEN: u64 = (1 << 32) + 1;
    let mut on_disk = PartFiles::default().create(LEN).await.unwrap();
    let last = Uint8Array::from(b"z".as_slice());
    on_disk.write(&last, LEN - 1).unwrap();
    let blob = on_disk.finish().await.unwrap();
    assert_eq!(blob.size() as u64, LEN);
    let slice = blob.slice_with_f64_and_f64(blob.size() - 2.0, blob.size());
    let bytes = JsFuture::from(slice.unwrap().array_buffer()).await;
    assert_eq!(Uint8Array::new(&bytes.unwrap()).to_vec(), b"\0z");
}

#[wasm_bindgen_test]
async fn a_part_that_is_not_whole_on_disk_is_not_sent() {
    let files = PartFiles::default();
    let mut on_disk = files.create(6).await.unwrap();
    on_disk
        .write(&Uint8Array::from(b"abc".as_slice()), 0)
        .unwrap();
    assert!(matches!(on_disk.finish().await, Err(Fault::Browser(_))));
}

#[wasm_bindgen_test]
async fn what_a_crash_left_is_deleted_and_what_is_in_use_is_not() {
    let files = PartFiles::default();
    let in_use = files.create(1).await.unwrap();
    let all = subfolder(&root().await, "sealift-parts").await;
    subfolder(&subfolder(&all, "left-by-a-crash").await, "with-something").await;
    let before = count(&all).await;
    PartFiles::default().delete_leftovers().await;
    assert!(count(&all).await < before);
    let gone = JsFuture::from(all.get_directory_handle("left-by-a-crash")).await;
    assert!(gone.is_err());
    assert!(count(&our_folder().await).await > 0);
    drop(in_use);
}

#[wasm_bindgen_test]
async fn too_little_room_is_told_before_anything_is_sealed() {
    // The browser's disk is not full here, so it is made to say so.
    let storage: Object = storage().into();
    let estimate =
        js_sys::Function::new_no_args("return Promise.resolve({quota: 1000, usage: 400})");
    Reflect::set(&storage, &"estimate".into(), &estimate).unwrap();
    let parts = SealedParts::new(100, alone());
    let fits = parts.check_room(300).await;
    let in_memory = parts.check_room(100).await;
    let refused = parts.check_room(301).await;
    Reflect::delete_property(&storage, &"estimate".into()).unwrap();
    assert!(fits.is_ok() && in_memory.is_ok());
    assert!(matches!(
        refused,
        Err(Fault::NoRoom {
            needed_bytes: 602,
            free_bytes: 600
        })
    ));
}

fn storage() -> StorageManager {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    scope.navigator().storage()
}

async fn root() -> FileSystemDirectoryHandle {
    let root = JsFuture::from(storage().get_directory()).await;
    root.unwrap().unchecked_into()
}

async fn subfolder(folder: &FileSystemDirectoryHandle, name: &str) -> FileSystemDirectoryHandle {
    let options = web_sys::FileSystemGetDirectoryOptions::new();
    options.set_create(true);
    let made = folder.get_directory_handle_with_options(name, &options);
    JsFuture::from(made).await.unwrap().unchecked_into()
}

/// Returns the folder with a file in it, or the folder of all folders if there is none.
async fn our_folder() -> FileSystemDirectoryHandle {
    let all = subfolder(&root().await, "sealift-parts").await;
    let mut ours = all.clone();
    for name in names(&all).await {
        let folder = subfolder(&all, &name).await;
        if count(&folder).await > 0 {
            ours = folder;
        }
    }
    ours
}

async fn count(folder: &FileSystemDirectoryHandle) -> usize {
    names(folder).await.len()
}

async fn names(folder: &FileSystemDirectoryHandle) -> Vec<String> {
    let (keys, mut names) = (folder.keys(), Vec::new());
    loop {
        let next = JsFuture::from(keys.next().unwrap()).await.unwrap();
        let of = |name: &str| Reflect::get(&next, &JsValue::from_str(name)).unwrap();
        match of("value").as_string() {
            Some(name) => names.push(name),
            None => return names,
        }
    }
}
