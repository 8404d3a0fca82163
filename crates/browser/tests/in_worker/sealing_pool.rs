//! Tests that parts sealed by several workers are the parts that one seals, whatever happens to the workers.

use futures::{FutureExt as _, future::join_all};
use js_sys::{Array, Function, Object, Reflect};
use sealift_browser::{
    failure::Fault,
    file_slice::ChosenFile,
    put_part::Body,
    seal::{Backend, PartSealer},
    sealed_part::{LARGEST_IN_MEMORY, SealedPart, SealedParts},
    sealing_pool::{FEWEST_BYTES, SealingPool},
};
use sealift_transfer::{PartNumber, PartPlan, api::Sha256};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{File, Worker};

use crate::sample::{FRAME_LENGTH, content_key, file, header, plaintext, plan_of};

const SCRIPT: &str = include_str!("../../../../web/upload/seal-worker.js");
const SEALERS: &str = include_str!("../../../../web/upload/sealers.js");
/// Parts of more bytes than go to a worker, the last one too.
const PART: u64 = 260 * 4096;
const LEN: u64 = 5 * PART - 1000;

/// Workers that a test can look into and end.
struct Workers {
    started: Array,
    tasks: Array,
    class: JsValue,
    start: Function,
}

impl Workers {
    /// The scripts are those of the first, second, and every later worker.
    async fn running(scripts: &[&str]) -> Self {
        let (started, tasks) = (Array::new(), Array::new());
        let scripts: Array = scripts
            .iter()
            .map(|script| JsValue::from_str(script))
            .collect();
        let load = Function::new_with_args(
            "script",
            "return import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));",
        );
        let module = load.call1(&JsValue::NULL, &SEALERS.into()).unwrap();
        let module = JsFuture::from(js_sys::Promise::from(module)).await.unwrap();
        let start = Function::new_with_args(
            "scripts, started, tasks",
            "const script = scripts[Math.min(started.length, scripts.length - 1)];
            const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
            const post = worker.postMessage.bind(worker);
            worker.postMessage = (task, transfer) => { tasks.push(task.start); post(task, transfer); };
            started.push(worker);
            return worker;",
        );
        let start = start.bind3(&JsValue::NULL, &scripts, &started, &tasks);
        Self {
            started,
            tasks,
            class: Reflect::get(&module, &"Sealers".into()).unwrap(),
            start: start.unchecked_into(),
        }
    }

    fn parts(&self, count: u32, patience_ms: u32) -> SealedParts {
        let make = Function::new_with_args(
            "Sealers, start, count, patienceMs",
            "return new Sealers(start, count, async () => true, patienceMs);",
        );
        let arguments: [JsValue; 4] = [
            self.class.clone(),
            self.start.clone().into(),
            count.into(),
            patience_ms.into(),
        ];
        let sealers = make
            .apply(&JsValue::NULL, &arguments.iter().collect())
            .unwrap();
        SealedParts::new(LARGEST_IN_MEMORY, SealingPool::from_js(sealers))
    }

    /// Returns the first plaintext bytes of the parts that workers got, in order.
    fn tasks(&self) -> Vec<u64> {
        let mut tasks: Vec<u64> = self
            .tasks
            .iter()
            .map(|start| start.as_f64().unwrap() as u64)
            .collect();
        tasks.sort_unstable();
        tasks
    }

    fn end_all(&self) {
        for worker in self.started.iter() {
            worker.unchecked_into::<Worker>().terminate();
        }
    }
}

fn plan() -> PartPlan {
    plan_of(LEN, PART)
}

/// Returns the first plaintext byte of every part.
fn starts() -> Vec<u64> {
    let part = |number| plan().part(number).unwrap().plaintext.start;
    PartNumber::all(plan().part_count()).map(part).collect()
}

async fn sealer(backend: Backend) -> PartSealer {
    PartSealer::new(header().as_bytes(), content_key(), plan(), backend)
        .await
        .unwrap()
}

fn chosen() -> ChosenFile {
    ChosenFile::new(file(&plaintext(LEN)))
}

type Kept = Result<(Sha256, SealedPart), Fault>;

async fn keep_all(parts: &SealedParts, sealer: &PartSealer, file: &ChosenFile) -> Vec<Kept> {
    let one = |number| async move {
        let part = sealer.part(number).unwrap();
        parts.keep(sealer, file, &part).await
    };
    join_all(PartNumber::all(plan().part_count()).map(one)).await
}

/// Returns the parts as this worker alone seals them.
async fn expected() -> Vec<Vec<u8>> {
    let alone = SealedParts::new(LARGEST_IN_MEMORY, SealingPool::default());
    let kept = keep_all(&alone, &sealer(Backend::WebCrypto).await, &chosen()).await;
    kept.into_iter()
        .map(|kept| bytes_of(&kept.unwrap().1))
        .collect()
}

fn bytes_of(part: &SealedPart) -> Vec<u8> {
    match part.body() {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Blob(_) => panic!("the part is not in memory"),
    }
}

async fn assert_sealed_as_alone(kept: Vec<Kept>) {
    for (kept, expected) in kept.into_iter().zip(expected().await) {
        let (sha256, part) = kept.unwrap();
        assert_eq!(sha256, Sha256::of(&expected));
        assert!(bytes_of(&part) == expected);
    }
}

#[wasm_bindgen_test]
async fn every_part_is_sealed_by_one_worker_as_one_alone_would_seal_it() {
    assert!(
        PART > u64::from(FRAME_LENGTH) * 8,
        "a part has more frames than are sealed at once"
    );
    const { assert!(LEN - 4 * PART >= FEWEST_BYTES && PART.is_multiple_of(FRAME_LENGTH as u64)) };
    let workers = Workers::running(&[SCRIPT]).await;
    let parts = workers.parts(3, 60_000);
    let kept = keep_all(&parts, &sealer(Backend::WebCrypto).await, &chosen()).await;
    assert_eq!((workers.started.length(), workers.tasks()), (3, starts()));
    assert_sealed_as_alone(kept).await;
}

#[wasm_bindgen_test]
async fn parts_that_are_compared_have_the_same_hash() {
    let workers = Workers::running(&[SCRIPT]).await;
    let parts = workers.parts(2, 60_000);
    let (sealer, file) = (sealer(Backend::WebCrypto).await, chosen());
    for (number, expected) in PartNumber::all(plan().part_count()).zip(expected().await) {
        let part = sealer.part(number).unwrap();
        let sha256 = parts.hash(&sealer, &file, &part).await.unwrap();
        assert_eq!(sha256, Sha256::of(&expected));
    }
    assert_eq!(workers.tasks(), starts());
}

/// The first worker breaks, and the second one ends without a word, as one does that the browser ended.
#[wasm_bindgen_test]
async fn a_part_of_a_worker_that_is_gone_is_sealed_by_another_one() {
    let workers = Workers::running(&[
        "self.onmessage = () => { throw 1; };",
        "self.close();",
        SCRIPT,
    ])
    .await;
    let parts = workers.parts(3, 2000);
    let kept = keep_all(&parts, &sealer(Backend::WebCrypto).await, &chosen()).await;
    assert_eq!(workers.tasks().len(), starts().len() + 2);
    assert_sealed_as_alone(kept).await;
    // Whoever is lost gets no further part.
    let (sealer, file) = (sealer(Backend::WebCrypto).await, chosen());
    keep_all(&parts, &sealer, &file).await;
    assert_eq!(workers.tasks().len(), 2 * starts().len() + 2);
}

#[wasm_bindgen_test]
async fn where_no_worker_is_left_this_one_seals() {
    let workers = Workers::running(&["throw 1;"]).await;
    let parts = workers.parts(2, 60_000);
    let kept = keep_all(&parts, &sealer(Backend::WebCrypto).await, &chosen()).await;
    assert_eq!(workers.tasks().len(), 2);
    assert_sealed_as_alone(kept).await;
}

#[wasm_bindgen_test]
async fn a_sealed_part_outlives_its_worker() {
    let workers = Workers::running(&[SCRIPT]).await;
    let parts = workers.parts(2, 60_000);
    let kept = keep_all(&parts, &sealer(Backend::WebCrypto).await, &chosen()).await;
    workers.end_all();
    assert_sealed_as_alone(kept).await;
}

#[wasm_bindgen_test]
async fn r2_a_worker_seals_no_file_that_changed() {
    let changed: File = file(&plaintext(LEN));
    let time = Object::new();
    Reflect::set(&time, &"value".into(), &1.into()).unwrap();
    Object::define_property(&changed, &"lastModified".into(), &time);
    let changed = ChosenFile::new(changed);
    let workers = Workers::running(&[SCRIPT]).await;
    let parts = workers.parts(2, 60_000);
    let kept = keep_all(&parts, &sealer(Backend::WebCrypto).await, &changed).await;
    for kept in kept {
        assert!(matches!(kept, Err(Fault::FileChanged)));
    }
    assert_eq!(workers.tasks(), starts());
}

#[wasm_bindgen_test]
async fn a_stopped_upload_leaves_no_worker_and_no_memory_behind() {
    let workers = Workers::running(&[SCRIPT]).await;
    let parts = workers.parts(2, 60_000);
    let (sealer, file) = (sealer(Backend::WebCrypto).await, chosen());
    let part = sealer.part(PartNumber::FIRST).unwrap();
    for _ in 0..20 {
        let mut stopped = Box::pin(parts.keep(&sealer, &file, &part));
        while workers.tasks.length() == 0 && stopped.as_mut().now_or_never().is_none() {
            turn().await;
        }
        drop(stopped);
    }
    let kept = keep_all(&parts, &sealer, &file).await;
    assert_sealed_as_alone(kept).await;
}

/// Lets the browser's other work run once.
async fn turn() {
    let resolved = js_sys::Promise::resolve(&JsValue::NULL);
    JsFuture::from(resolved).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_key_in_this_module_is_given_to_no_worker() {
    let workers = Workers::running(&[SCRIPT]).await;
    let parts = workers.parts(2, 60_000);
    let kept = keep_all(&parts, &sealer(Backend::AesGcm).await, &chosen()).await;
    assert_eq!(workers.started.length(), 0);
    assert_sealed_as_alone(kept).await;
}
