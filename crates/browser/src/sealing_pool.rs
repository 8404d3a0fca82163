//! Seals parts in workers of their own, so that more than one core seals. A worker (web/upload/seal-worker.js)
//! gets all that one part needs, and gives its bytes and their SHA-256 back. It knows neither the format nor the
//! upload, so the order of parts, the signing and the PUTs stay in one place.

use js_sys::{ArrayBuffer, Function, Object, Promise, Reflect, Uint8Array};
use sealift_transfer::{Part, api::Sha256};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    browser::{len_of, number_of, time_ms_of},
    failure::Fault,
    file_slice::ChosenFile,
    part_buffers::PartBuffer,
    seal::PartSealer,
    web_crypto::FRAMES_IN_FLIGHT,
};

/// The fewest plaintext bytes of a part that goes to a worker. Less is sealed sooner than a worker starts.
pub const FEWEST_BYTES: u64 = 1024 * 1024;

/// The workers of a page. JavaScript starts them, and gives each one task at a time (web/upload/sealers.js).
#[derive(Debug, Clone, Default)]
pub struct SealingPool(Option<Sealers>);

#[derive(Debug, Clone)]
struct Sealers {
    sealers: JsValue,
    seal: Function,
    count: u32,
}

impl SealingPool {
    /// Takes an object of the class `Sealers`. Anything else is no pool.
    #[must_use]
    pub fn from_js(sealers: JsValue) -> Self {
        let field = |name: &str| Reflect::get(&sealers, &name.into()).ok();
        let seal = field("seal").and_then(|seal| seal.dyn_into().ok());
        let count = field("count").and_then(|count| count.as_f64());
        let count = count.and_then(|count| u32::try_from(len_of(count)).ok());
        Self(seal.zip(count).map(|(seal, count)| Sealers {
            sealers,
            seal,
            count,
        }))
    }

    /// Returns how many parts are sealed at once, at most.
    #[must_use]
    pub fn most_at_once(&self) -> u32 {
        self.0.as_ref().map_or(1, |sealers| sealers.count.max(1))
    }

    /// Reads, seals and hashes a part in a worker. Returns `None`, and leaves `buffer` as it is, if the part is for
    /// no worker or none is left.
    ///
    /// # Errors
    /// Fails as [`PartSealer::seal_from`] and hashing do.
    pub async fn seal(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
        buffer: &mut PartBuffer,
    ) -> Result<Option<Sha256>, Fault> {
        let Some(sealers) = &self.0 else {
            return Ok(None);
        };
        if !sealer.is_for_workers() || part.plaintext_len() < FEWEST_BYTES {
            return Ok(None);
        }
        loop {
            let task = sealer.task(part, buffer.bytes())?;
            let done = sealers.ask(&task, file, part, &buffer.lend()).await;
            let Ok(done) = done else { return Ok(None) };
            if done.is_undefined() {
                return Ok(None);
            }
            let memory = field(&done, "memory").dyn_into().ok();
            if memory.is_some_and(|memory| buffer.take_back(&memory)) {
                return result_of(&done, file).map(Some);
            }
            // The worker is gone, and the memory with it. Sealing again gives the same bytes.
            buffer.renew();
        }
    }
}

impl Sealers {
    /// Sends a task: the type `Task` of web/upload/sealers.js.
    async fn ask(
        &self,
        task: &Object,
        file: &ChosenFile,
        part: &Part,
        memory: &ArrayBuffer,
    ) -> Result<JsValue, JsValue> {
        let at_once = u32::try_from(FRAMES_IN_FLIGHT).unwrap_or(1);
        for (name, value) in [
            ("file", JsValue::from(file.file())),
            ("start", number_of(part.plaintext.start).into()),
            ("end", number_of(part.plaintext.end).into()),
            ("atOnce", at_once.into()),
            ("memory", memory.into()),
            ("sealed", number_of(part.sealed_len()).into()),
        ] {
            Reflect::set(task, &name.into(), &value)?;
        }
        let done = self.seal.call1(&self.sealers, task)?;
        JsFuture::from(Promise::resolve(&done)).await
    }
}

fn field(done: &JsValue, name: &str) -> JsValue {
    Reflect::get(done, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Reads what became of a task. The file is compared here too, because a changed file must not be sealed
/// (docs/FORMAT.md, R2).
fn result_of(done: &JsValue, file: &ChosenFile) -> Result<Sha256, Fault> {
    const NOT_HASHED: Fault = Fault::Browser("SubtleCrypto.digest");
    match field(done, "failed").as_string().as_deref() {
        None => {}
        Some("read") => return Err(Fault::FileChanged),
        Some("seal") => return Err(Fault::Browser("SubtleCrypto.encrypt")),
        Some(_) => return Err(NOT_HASHED),
    }
    let number = |name: &str| field(done, name).as_f64().unwrap_or(f64::NAN);
    let seen = (len_of(number("size")), time_ms_of(number("lastModified")));
    if seen != (file.size(), file.last_modified_ms()) {
        return Err(Fault::FileChanged);
    }
    let sha256 = Uint8Array::new(&field(done, "sha256")).to_vec();
    sha256
        .try_into()
        .map(Sha256::from_bytes)
        .map_err(|_| NOT_HASHED)
}
