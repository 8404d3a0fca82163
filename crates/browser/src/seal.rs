//! Seals the plaintext of a part, and computes the SHA-256 of the sealed bytes. There is a choice of AES
//! implementations, which give the same bytes.

mod aes_gcm;
pub mod agreement;

use core::{ops::Range, str::FromStr};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use js_sys::{Array, Object, Reflect, Uint8Array};
use sealift_message::{ContentKey, Frame, FrameIndex, Header, Layout, StoredHeader};
use sealift_transfer::{Part, PartNumber, PartPlan, api::Sha256};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::{
    browser::{self, number_of, within},
    failure::Fault,
    file_slice::ChosenFile,
    web_crypto::{self, FRAMES_IN_FLIGHT, Use},
};

/// The bytes read from a file at a time: a part of the usual 8 MiB at once, because every read costs time.
const READ_BYTES: u64 = 16 * 1024 * 1024;
/// The number of reads at once: one is sealed while the next is read.
const READS_AHEAD: usize = 2;

/// The implementation of AES-GCM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// The browser's own. The key cannot be read back from it.
    #[default]
    WebCrypto,
    /// RustCrypto in this module. It is slower, but independent of the browser's. The key stays in the module's
    /// memory until the upload ends, and is then wiped.
    AesGcm,
}

impl FromStr for Backend {
    type Err = Fault;

    fn from_str(name: &str) -> Result<Self, Fault> {
        match name {
            "web-crypto" => Ok(Self::WebCrypto),
            "aes-gcm" => Ok(Self::AesGcm),
            _ => Err(Fault::Browser("no backend has that name")),
        }
    }
}

/// Seals the parts of one upload, in any order. Sealing a part again gives the same bytes.
pub struct PartSealer {
    header: Header,
    plan: PartPlan,
    key: Key,
}

enum Key {
    WebCrypto(web_crypto::Key),
    AesGcm(Box<self::aes_gcm::Key>),
}

impl PartSealer {
    /// Takes what the server sent. Checks the header with the content key before anything is sealed
    /// (docs/FORMAT.md, R5). With WebCrypto, wipes the key's bytes (R9).
    ///
    /// # Errors
    /// Returns [`Fault::Header`] if header and key do not belong together, and [`Fault::Answer`] if the plan is
    /// not for this header.
    pub async fn new(
        header: &[u8],
        content_key: ContentKey,
        plan: PartPlan,
        backend: Backend,
    ) -> Result<Self, Fault> {
        let verified = StoredHeader::new(header)
            .and_then(|stored| stored.verify(&content_key))
            .map_err(|_| Fault::Header)?;
        let header = verified.header().clone();
        let layout = plan.layout();
        if (layout.header_len(), layout.frame_length()) != (header.len(), header.frame_length()) {
            return Err(Fault::Answer("the part plan is not one for this header"));
        }
        let key = match backend {
            Backend::WebCrypto => {
                let (content_key, message_id) = (verified.content_key(), *header.message_id());
                Key::WebCrypto(web_crypto::Key::import(content_key, message_id, Use::Seal).await?)
            }
            Backend::AesGcm => Key::AesGcm(Box::new(self::aes_gcm::Key::new(
                verified,
                layout.plaintext_len(),
            )?)),
        };
        Ok(Self { header, plan, key })
    }

    /// Returns the part of that number.
    ///
    /// # Errors
    /// Returns [`Fault::Answer`] if the plan has no such part.
    pub fn part(&self, number: PartNumber) -> Result<Part, Fault> {
        let no_such_part = Fault::Answer("the part plan has no such part");
        self.plan.part(number).ok_or(no_such_part)
    }

    /// Divides a part into runs of whole frames, of about `run_bytes` plaintext bytes each. A run is sealed as
    /// a part is. An empty final frame is in the run before it.
    pub fn runs(
        &self,
        part: &Part,
        run_bytes: u64,
    ) -> impl Iterator<Item = Result<Part, Fault>> + use<> {
        let layout = *self.plan.layout();
        let frame_length = u64::from(layout.frame_length().get());
        let step = run_bytes.checked_div(frame_length).unwrap_or(0).max(1);
        let (part, mut next) = (part.clone(), part.frames.start);
        core::iter::from_fn(move || {
            let group = layout.group_of(next, step);
            let frames = next..group.end.min(part.frames.end);
            next = frames.end;
            (!frames.is_empty()).then(|| run(&layout, &part, frames).ok_or(NO_SUCH_FRAME))
        })
    }

    /// Seals a part or a run of one into `sealed`. `plaintext` is its whole plaintext, and `sealed` is exactly
    /// as long as the plan says.
    ///
    /// # Errors
    /// Returns [`Fault::Browser`] if the browser does not seal. Nothing in `sealed` may be used then.
    pub async fn seal(
        &self,
        part: &Part,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> Result<(), Fault> {
        self.begin(part, sealed)?;
        if u64::from(plaintext.length()) != part.plaintext_len() {
            return Err(ANOTHER_LENGTH);
        }
        stream::iter(self.frames_to_seal(part, part, plaintext, sealed))
            .try_for_each_concurrent(FRAMES_IN_FLIGHT, |frame_to_seal| {
                self.seal_frame(frame_to_seal)
            })
            .await
    }

    /// Seals a part or a run of one from a file, some frames at a time: while these are sealed, the next are read.
    ///
    /// # Errors
    /// Returns [`Fault::FileChanged`] if the file changed, and fails as [`Self::seal`] does.
    pub async fn seal_from(
        &self,
        file: &ChosenFile,
        part: &Part,
        sealed: &Uint8Array,
    ) -> Result<(), Fault> {
        self.begin(part, sealed)?;
        let read = |run: Result<Part, Fault>| async {
            let run = run?;
            let plaintext = file.read(&run.plaintext).await?;
            Ok::<_, Fault>(stream::iter(
                self.frames_to_seal(part, &run, &plaintext, sealed),
            ))
        };
        stream::iter(self.runs(part, READ_BYTES))
            .map(read)
            .buffered(READS_AHEAD)
            .try_flatten()
            .try_for_each_concurrent(FRAMES_IN_FLIGHT, |frame_to_seal| {
                self.seal_frame(frame_to_seal)
            })
            .await
    }

    /// Returns whether workers can seal with this key. They cannot where it is in this module.
    #[must_use]
    pub fn is_for_workers(&self) -> bool {
        matches!(self.key, Key::WebCrypto(_))
    }

    /// Prepares a part to be sealed by a worker: writes into `sealed` all that is not ciphertext, and returns `key`
    /// and `frames` of the worker's task.
    ///
    /// # Errors
    /// Returns a [`Fault`] if the key is in this module, the plan has no such frames, or `sealed` has another
    /// length.
    pub fn task(&self, part: &Part, sealed: &Uint8Array) -> Result<Object, Fault> {
        let Key::WebCrypto(key) = &self.key else {
            return Err(Fault::Browser("a worker gets no key of this module"));
        };
        self.begin(part, sealed)?;
        let frames = Array::new();
        for index in part.frames.clone() {
            let frame = place_of(self.plan.layout(), index).ok_or(NO_SUCH_FRAME)?;
            frames.push(
                &frame
                    .for_worker(key, part, sealed)
                    .ok_or(NO_SUCH_FRAME)?
                    .into(),
            );
        }
        let task = Object::new();
        let set = |name: &str, value: &JsValue| Reflect::set(&task, &name.into(), value);
        let key: &JsValue = key.crypto_key().as_ref();
        set("key", key)
            .and(set("frames", &frames))
            .map_err(|_| NO_SUCH_FRAME)?;
        Ok(task)
    }

    /// Checks the length of `sealed`, and writes the header if the part begins the message.
    fn begin(&self, part: &Part, sealed: &Uint8Array) -> Result<(), Fault> {
        if u64::from(sealed.length()) != part.sealed_len() {
            return Err(ANOTHER_LENGTH);
        }
        if part.sealed.start == 0 {
            let header = self.header.as_bytes();
            let header_len = u32::try_from(header.len()).map_err(|_| Fault::Header)?;
            sealed.subarray(0, header_len).copy_from(header);
        }
        Ok(())
    }

    async fn seal_frame(&self, frame_to_seal: FrameToSeal) -> Result<(), Fault> {
        let FrameToSeal {
            index,
            frame,
            plaintext,
            sealed,
        } = frame_to_seal;
        match &self.key {
            Key::WebCrypto(key) => key.seal(&frame, &plaintext, &sealed).await,
            Key::AesGcm(key) => key.seal(index, &plaintext, &sealed),
        }
    }

    /// Returns the views to read from and to write to, for each frame: `plaintext` is that of `run`, `sealed`
    /// that of `part`.
    fn frames_to_seal(
        &self,
        part: &Part,
        run: &Part,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> impl Iterator<Item = Result<FrameToSeal, Fault>> + use<> {
        let layout = *self.plan.layout();
        let (plaintext, read_from) = (plaintext.clone(), run.plaintext.start);
        let (sealed, sealed_from) = (sealed.clone(), part.sealed.start);
        run.frames.clone().map(move |index| {
            let frame_to_seal = || {
                let place = place_of(&layout, index)?;
                Some(FrameToSeal {
                    index,
                    frame: place.frame,
                    plaintext: within(&plaintext, place.plaintext, read_from)?,
                    sealed: within(&sealed, place.sealed, sealed_from)?,
                })
            };
            frame_to_seal().ok_or(NO_SUCH_FRAME)
        })
    }
}

/// Makes a run of some frames of a part. The first run includes the header, if the part does.
fn run(layout: &Layout, part: &Part, frames: Range<FrameIndex>) -> Option<Part> {
    let mut sealed = layout.sealed_range_of(&frames)?;
    if frames.start == part.frames.start {
        sealed.start = part.sealed.start;
    }
    Some(Part {
        number: part.number,
        plaintext: layout.plaintext_range_of(&frames)?,
        sealed,
        frames,
    })
}

const NO_SUCH_FRAME: Fault = Fault::Answer("the part plan has no such frame");
pub(crate) const ANOTHER_LENGTH: Fault =
    Fault::Browser("a buffer has another length than the part");

/// A frame, with its ranges in the plaintext and in the message.
struct Place {
    frame: Frame,
    plaintext: Range<u64>,
    sealed: Range<u64>,
}

fn place_of(layout: &Layout, index: FrameIndex) -> Option<Place> {
    let frames = index..index.checked_add(1)?;
    Some(Place {
        frame: layout.frame(index)?,
        plaintext: layout.plaintext_range_of(&frames)?,
        sealed: layout.sealed_range_of(&frames)?,
    })
}

impl Place {
    /// Writes the frame's prefix into `sealed`, the bytes of `part`. Returns the frame as a worker takes it: the
    /// type `Frame` of web/upload/sealers.js.
    fn for_worker(self, key: &web_crypto::Key, part: &Part, sealed: &Uint8Array) -> Option<Object> {
        let Range {
            start: from,
            end: until,
        } = self.plaintext;
        let prefix = self.frame.prefix();
        let at = self
            .sealed
            .start
            .checked_add(prefix.len().try_into().ok()?)?;
        within(sealed, self.sealed.start..at, part.sealed.start)?.copy_from(&prefix);
        let frame = Object::new();
        let set = |name: &str, value: JsValue| Reflect::set(&frame, &name.into(), &value).ok();
        set("parameters", key.parameters(&self.frame).into())?;
        for (name, offset, base) in [
            ("from", from, part.plaintext.start),
            ("until", until, part.plaintext.start),
            ("at", at, part.sealed.start),
            ("end", self.sealed.end, part.sealed.start),
        ] {
            set(name, number_of(offset.checked_sub(base)?).into())?;
        }
        Some(frame)
    }
}

struct FrameToSeal {
    index: FrameIndex,
    frame: Frame,
    plaintext: Uint8Array,
    sealed: Uint8Array,
}

/// Computes the SHA-256 of `bytes` by WebCrypto.
///
/// # Errors
/// Returns [`Fault::Browser`] if the browser does not hash.
pub async fn sha256(bytes: &Uint8Array) -> Result<Sha256, Fault> {
    let refused = || Fault::Browser("SubtleCrypto.digest");
    let digest = browser::subtle()?
        .digest_with_str_and_js_u8_array("SHA-256", bytes)
        .map_err(|_| refused())?;
    let digest = JsFuture::from(digest).await.map_err(|_| refused())?;
    let digest = Uint8Array::new(&digest).to_vec();
    digest
        .try_into()
        .map(Sha256::from_bytes)
        .map_err(|_| refused())
}
