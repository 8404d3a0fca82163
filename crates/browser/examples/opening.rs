//! Measures opening alone, for `cargo xtask bench`: opens the pieces of a message as the page of a file
//! does. Nothing is fetched and nothing is saved.

use futures::stream::{self, TryStreamExt as _};
use js_sys::Uint8Array;
use sealift_browser::{
    browser::random,
    decrypt::{PIECES_AT_ONCE, Piece, PieceOpener},
    failure::Fault,
    seal::{Backend, PartSealer},
};
use sealift_message::{
    ContentKey, DataKey, EncryptedDataKey, EncryptionContext, FrameLength, Header, HeaderBuilder,
    MessageId,
};
use sealift_transfer::{PartNumber, PartPlan};
use wasm_bindgen::{JsError, prelude::wasm_bindgen};

/// The server's default part length.
const PART_LENGTH: u64 = 8 * 1024 * 1024;

/// A sealed message in memory, which can be opened repeatedly.
#[wasm_bindgen]
pub struct Opening {
    opener: PieceOpener,
    object: Uint8Array,
}

#[wasm_bindgen]
impl Opening {
    /// Seals `plaintext` under a fresh key.
    ///
    /// # Errors
    /// Fails if the browser lacks something or the message cannot be made.
    pub async fn seal(plaintext: Uint8Array, frame_length: u32) -> Result<Self, JsError> {
        Ok(Self::make(&plaintext, frame_length).await?)
    }

    /// Opens every piece of the message.
    ///
    /// # Errors
    /// Fails if the browser does not open a piece.
    pub async fn open(&self) -> Result<(), JsError> {
        stream::iter(self.opener.pieces())
            .try_for_each_concurrent(PIECES_AT_ONCE, |piece| self.open_piece(piece))
            .await?;
        Ok(())
    }
}

impl Opening {
    async fn make(plaintext: &Uint8Array, frame_length: u32) -> Result<Self, Fault> {
        const UNFIT: Fault = Fault::Browser("the message cannot be made");
        let data_key = DataKey::try_from(random::<32>()?.as_slice()).map_err(|_| UNFIT)?;
        let header = header(&data_key, frame_length).ok_or(UNFIT)?;
        let verified = header.verify(&data_key).map_err(|_| UNFIT)?;
        let key = || ContentKey::from_bytes(verified.content_key().expose());
        let plaintext_len = u64::from(plaintext.length());
        let plan = PartPlan::for_file(
            header.len(),
            header.frame_length(),
            plaintext_len,
            PART_LENGTH,
        );
        let plan = plan.map_err(|_| UNFIT)?;
        let sealer = PartSealer::new(header.as_bytes(), key(), plan, Backend::WebCrypto).await?;
        let sealed_len = plan.layout().sealed_len();
        let object = Uint8Array::new_with_length(u32::try_from(sealed_len).map_err(|_| UNFIT)?);
        for number in PartNumber::all(plan.part_count()) {
            let part = sealer.part(number)?;
            let from = view(plaintext, &part.plaintext).ok_or(UNFIT)?;
            let to = view(&object, &part.sealed).ok_or(UNFIT)?;
            sealer.seal(&part, &from, &to).await?;
        }
        Ok(Self {
            opener: PieceOpener::new(header.as_bytes(), key(), sealed_len, plaintext_len).await?,
            object,
        })
    }

    async fn open_piece(&self, piece: Piece) -> Result<(), Fault> {
        const BEYOND: Fault = Fault::Browser("the object is shorter than its pieces");
        let sealed = view(&self.object, &piece.sealed).ok_or(BEYOND)?;
        // The object is opened repeatedly, and opening a piece replaces its bytes.
        self.opener
            .open(&piece, &sealed.slice(0, sealed.length()))
            .await?;
        Ok(())
    }
}

fn header(data_key: &DataKey, frame_length: u32) -> Option<Header> {
    let context = [("tenant", "t"), ("object-id", "o"), ("upload-id", "u")];
    let header = HeaderBuilder::new(
        MessageId::from_bytes(random().ok()?),
        EncryptionContext::from_pairs(context).ok()?,
        EncryptedDataKey::new("bench", Vec::new(), Vec::new()).ok()?,
        FrameLength::try_from(frame_length).ok()?,
    );
    header.authenticate(data_key).ok()
}

fn view(bytes: &Uint8Array, range: &core::ops::Range<u64>) -> Option<Uint8Array> {
    let start = u32::try_from(range.start).ok()?;
    let end = u32::try_from(range.end).ok()?;
    Some(bytes.subarray(start, end))
}
