//! Before the first file: both backends seal the same frame, under a key of the moment, and must
//! give the same bytes.

use js_sys::Uint8Array;
use sealift_message::{
    ContentKey, DataKey, EncryptedDataKey, EncryptionContext, FrameLength, Header, HeaderBuilder,
    MessageId,
};
use sealift_transfer::{PartNumber, PartPlan};

use super::{Backend, PartSealer};
use crate::{browser::random, failure::Fault};

const UNFIT: Fault = Fault::Browser("the sample message cannot be made");

/// Seals a sample with both backends.
///
/// # Errors
/// [`Fault::Browser`] where they differ: nothing must be sealed then.
pub async fn prove() -> Result<(), Fault> {
    let plaintext: [u8; 1000] = random()?;
    let data_key = DataKey::try_from(random::<32>()?.as_slice()).map_err(|_| UNFIT)?;
    let header = sample_header(&data_key)?;
    let by_web_crypto = seal(&header, &data_key, &plaintext, Backend::WebCrypto).await?;
    let by_aes_gcm = seal(&header, &data_key, &plaintext, Backend::AesGcm).await?;
    if by_web_crypto == by_aes_gcm {
        Ok(())
    } else {
        Err(Fault::Browser(
            "WebCrypto and AES in WebAssembly give different bytes",
        ))
    }
}

fn sample_header(data_key: &DataKey) -> Result<Header, Fault> {
    let encrypted = EncryptedDataKey::new("sample", Vec::new(), Vec::new()).map_err(|_| UNFIT)?;
    HeaderBuilder::new(
        MessageId::from_bytes(random()?),
        EncryptionContext::default(),
        encrypted,
        FrameLength::try_from(4096).map_err(|_| UNFIT)?,
    )
    .authenticate(data_key)
    .map_err(|_| UNFIT)
}

async fn seal(
    header: &Header,
    data_key: &DataKey,
    plaintext: &[u8],
    backend: Backend,
) -> Result<Vec<u8>, Fault> {
    let verified = header.verify(data_key).map_err(|_| UNFIT)?;
    let key = ContentKey::from_bytes(verified.content_key().expose());
    let plaintext_len = u64::try_from(plaintext.len()).map_err(|_| UNFIT)?;
    let frame_length = header.frame_length().get();
    let plan = PartPlan::new(header.len(), frame_length, plaintext_len, 1).map_err(|_| UNFIT)?;
    let sealer = PartSealer::new(header.as_bytes(), key, plan, backend).await?;
    let part = sealer.part(PartNumber::FIRST)?;
    let sealed_len = u32::try_from(part.sealed_len()).map_err(|_| UNFIT)?;
    let sealed = Uint8Array::new_with_length(sealed_len);
    sealer
        .seal(&part, &Uint8Array::from(plaintext), &sealed)
        .await?;
    Ok(sealed.to_vec())
}
