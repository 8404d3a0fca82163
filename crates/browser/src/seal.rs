//! From the plaintext of a part to its sealed bytes and their SHA-256. Which AES seals the frames is
//! a choice; the bytes are the same.

mod aes_gcm;
pub mod agreement;
mod web_crypto;

use core::str::FromStr;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use js_sys::Uint8Array;
use sealift_message::{ContentKey, Frame, FrameIndex, Header, StoredHeader};
use sealift_transfer::{Part, PartNumber, PartPlan, api::Sha256};
use wasm_bindgen_futures::JsFuture;

use crate::{browser, failure::Fault};

/// Frames that WebCrypto seals side by side: the fewest that keep every engine busy.
const FRAMES_IN_FLIGHT: usize = 4;

/// Which AES-GCM works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// The browser's own. The key cannot be read back from it.
    #[default]
    WebCrypto,
    /// RustCrypto in this module: slower, without trust in the browser's. The key stays in the
    /// module's memory until the upload ends, and is then wiped.
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

/// Seals the parts of one upload, in any order, each to the same bytes every time.
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
    /// With what the server sent. The header is checked with the content key before anything is
    /// sealed (FORMAT.md R5); with WebCrypto the key's bytes are wiped here (R9).
    ///
    /// # Errors
    /// [`Fault::Header`]; [`Fault::Answer`] where the plan is not one for this header.
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
            Backend::WebCrypto => Key::WebCrypto(
                web_crypto::Key::import(verified.content_key(), *header.message_id()).await?,
            ),
            Backend::AesGcm => Key::AesGcm(Box::new(self::aes_gcm::Key::new(
                verified,
                layout.plaintext_len(),
            )?)),
        };
        Ok(Self { header, plan, key })
    }

    /// The part of that number.
    ///
    /// # Errors
    /// [`Fault::Answer`] where the plan has none.
    pub fn part(&self, number: PartNumber) -> Result<Part, Fault> {
        let no_such_part = Fault::Answer("the part plan has no such part");
        self.plan.part(number).ok_or(no_such_part)
    }

    /// Seals a part, whose whole plaintext is `plaintext`, into `sealed`, which is exactly as long as
    /// the plan says.
    ///
    /// # Errors
    /// [`Fault::Browser`] where the browser does not seal; `sealed` is useless then.
    pub async fn seal(
        &self,
        part: &Part,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> Result<(), Fault> {
        let lens = (u64::from(plaintext.length()), u64::from(sealed.length()));
        if lens != (part.plaintext_len(), part.sealed_len()) {
            return Err(Fault::Browser("a buffer has another length than the part"));
        }
        if part.number == PartNumber::FIRST {
            let header = self.header.as_bytes();
            let header_len = u32::try_from(header.len()).map_err(|_| Fault::Header)?;
            sealed.subarray(0, header_len).copy_from(header);
        }
        stream::iter(part.frames.clone())
            .map(|index| self.place(part, index, plaintext, sealed))
            .try_for_each_concurrent(FRAMES_IN_FLIGHT, |place| self.seal_frame(place))
            .await
    }

    async fn seal_frame(&self, place: Place) -> Result<(), Fault> {
        let Place {
            index,
            frame,
            plaintext,
            sealed,
        } = place;
        match &self.key {
            Key::WebCrypto(key) => key.seal(&frame, &plaintext, &sealed).await,
            Key::AesGcm(key) => key.seal(index, &plaintext, &sealed),
        }
    }

    /// Where a frame's bytes come from and go to, within the part's.
    fn place(
        &self,
        part: &Part,
        index: FrameIndex,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> Result<Place, Fault> {
        let place = || {
            let layout = self.plan.layout();
            let frame = layout.frame(index)?;
            let frames = index..index.checked_add(1)?;
            let from = layout.plaintext_range_of(&frames)?;
            let to = layout.sealed_range_of(&frames)?;
            let within = |bytes: &Uint8Array, start: u64, end: u64, base: u64| {
                let start = u32::try_from(start.checked_sub(base)?).ok()?;
                let end = u32::try_from(end.checked_sub(base)?).ok()?;
                Some(bytes.subarray(start, end))
            };
            Some(Place {
                index,
                frame,
                plaintext: within(plaintext, from.start, from.end, part.plaintext.start)?,
                sealed: within(sealed, to.start, to.end, part.sealed.start)?,
            })
        };
        place().ok_or(Fault::Answer("the part plan has no such frame"))
    }
}

struct Place {
    index: FrameIndex,
    frame: Frame,
    plaintext: Uint8Array,
    sealed: Uint8Array,
}

/// SHA-256 of `bytes`, by the browser.
///
/// # Errors
/// [`Fault::Browser`].
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
