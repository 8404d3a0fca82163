//! Measures sealing alone, for `cargo xtask bench`: seals the parts of a message as an upload does.
//! Nothing is read and nothing is sent.

use futures::stream::{self, TryStreamExt as _};
use js_sys::Uint8Array;
use sealift_browser::{
    browser::random,
    failure::Fault,
    file_slice::ChosenFile,
    part_buffers::{PartBuffer, PartBuffers},
    seal::{Backend, PartSealer, sha256},
    sealing_pool::SealingPool,
    slots::Slots,
};
use sealift_message::{
    ContentKey, DataKey, EncryptedDataKey, EncryptionContext, FrameLength, HeaderBuilder, MessageId,
};
use sealift_transfer::{PartNumber, PartPlan};
use wasm_bindgen::{JsError, JsValue, prelude::wasm_bindgen};
use web_sys::File;

/// The server's defaults.
const FRAME_LENGTH: u32 = 256 * 1024;
const PART_LENGTH: u64 = 8 * 1024 * 1024;

/// A message that can be sealed repeatedly.
#[wasm_bindgen]
pub struct Sealing {
    sealer: PartSealer,
    plan: PartPlan,
    seals: Slots,
    buffers: PartBuffers,
}

#[wasm_bindgen]
impl Sealing {
    /// Prepares to seal with WebCrypto under a fresh key.
    ///
    /// # Errors
    /// Fails if the browser lacks something or the message cannot be made.
    pub async fn open(plaintext_len: u32) -> Result<Self, JsError> {
        Ok(Self::make(plaintext_len.into()).await?)
    }

    /// Seals every part of `plaintext`, one after the other.
    ///
    /// # Errors
    /// Fails if the browser does not seal a part.
    pub async fn seal(&self, plaintext: Uint8Array) -> Result<(), JsError> {
        for number in PartNumber::all(self.plan.part_count()) {
            self.sealed(&plaintext, number).await?;
        }
        Ok(())
    }

    /// Seals and hashes every part, one after the other, as an upload without workers does.
    ///
    /// # Errors
    /// Fails if the browser does not seal or hash a part.
    #[wasm_bindgen(js_name = sealAndHash)]
    pub async fn seal_and_hash(&self, plaintext: Uint8Array) -> Result<(), JsError> {
        for number in PartNumber::all(self.plan.part_count()) {
            let sealed = self.sealed(&plaintext, number).await?;
            sha256(sealed.bytes()).await?;
        }
        Ok(())
    }

    /// Lets the workers of `sealers` (web/upload/sealers.js) read, seal and hash every part of `file`, as an upload does.
    ///
    /// # Errors
    /// Fails if no worker seals a part.
    #[wasm_bindgen(js_name = sealInWorkers)]
    pub async fn seal_in_workers(&self, file: File, sealers: JsValue) -> Result<(), JsError> {
        const NO_WORKER: Fault = Fault::Browser("no worker seals the part");
        let (file, pool) = (ChosenFile::new(file), SealingPool::from_js(sealers));
        let at_once = usize::try_from(pool.most_at_once()).unwrap_or(1);
        let numbers = PartNumber::all(self.plan.part_count());
        stream::iter(numbers.map(Ok::<_, Fault>))
            .try_for_each_concurrent(at_once, |number| {
                let (file, pool) = (&file, &pool);
                async move {
                    let part = self.sealer.part(number)?;
                    let mut buffer = self.buffers.take(part.sealed_len()).await?;
                    let sealed = pool.seal(&self.sealer, file, &part, &mut buffer).await?;
                    sealed.map(drop).ok_or(NO_WORKER)
                }
            })
            .await?;
        Ok(())
    }
}

impl Sealing {
    async fn make(plaintext_len: u64) -> Result<Self, Fault> {
        const UNFIT: Fault = Fault::Browser("the message cannot be made");
        let data_key = DataKey::try_from(random::<32>()?.as_slice()).map_err(|_| UNFIT)?;
        let context = [("tenant", "t"), ("object-id", "o"), ("upload-id", "u")];
        let header = HeaderBuilder::new(
            MessageId::from_bytes(random()?),
            EncryptionContext::from_pairs(context).map_err(|_| UNFIT)?,
            EncryptedDataKey::new("bench", Vec::new(), Vec::new()).map_err(|_| UNFIT)?,
            FrameLength::try_from(FRAME_LENGTH).map_err(|_| UNFIT)?,
        );
        let header = header.authenticate(&data_key).map_err(|_| UNFIT)?;
        let verified = header.verify(&data_key).map_err(|_| UNFIT)?;
        let key = ContentKey::from_bytes(verified.content_key().expose());
        let frame_length = header.frame_length();
        let plan = PartPlan::for_file(header.len(), frame_length, plaintext_len, PART_LENGTH)
            .map_err(|_| UNFIT)?;
        Ok(Self {
            sealer: PartSealer::new(header.as_bytes(), key, plan, Backend::WebCrypto).await?,
            plan,
            seals: Slots::of(1),
            buffers: PartBuffers::at_most(20 << 20),
        })
    }

    async fn sealed(
        &self,
        plaintext: &Uint8Array,
        number: PartNumber,
    ) -> Result<PartBuffer, Fault> {
        const BEYOND: Fault = Fault::Browser("the plaintext is shorter than the plan");
        let part = self.sealer.part(number)?;
        let buffer = self.buffers.take(part.sealed_len()).await?;
        let _permit = self.seals.acquire(1).await;
        let start = u32::try_from(part.plaintext.start).map_err(|_| BEYOND)?;
        let end = u32::try_from(part.plaintext.end).map_err(|_| BEYOND)?;
        let plaintext = plaintext.subarray(start, end);
        self.sealer.seal(&part, &plaintext, buffer.bytes()).await?;
        Ok(buffer)
    }
}
