//! The browser's own AES-GCM.

use js_sys::{Array, Object, Uint8Array};
use sealift_message::{ContentKey, Frame, MessageId};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, CryptoKey, SubtleCrypto};

use crate::{browser, failure::Fault};

const ALGORITHM: &str = "AES-GCM";

/// A content key that the browser keeps and does not give back (FORMAT.md R9).
pub(super) struct Key {
    key: CryptoKey,
    subtle: SubtleCrypto,
    message_id: MessageId,
}

impl Key {
    pub(super) async fn import(
        content_key: &ContentKey,
        message_id: MessageId,
    ) -> Result<Self, Fault> {
        let refused = |_| Fault::Browser("SubtleCrypto.importKey");
        let subtle = browser::subtle()?;
        let bytes = Uint8Array::from(content_key.expose().as_slice());
        let uses = Array::of1(&JsValue::from_str("encrypt"));
        let import = subtle.import_key_with_str("raw", &bytes, ALGORITHM, false, &uses);
        // WebCrypto has taken its copy by now.
        bytes.fill(0, 0, bytes.length());
        let key = JsFuture::from(import.map_err(refused)?)
            .await
            .map_err(refused)?
            .unchecked_into();
        Ok(Self {
            key,
            subtle,
            message_id,
        })
    }

    /// The frame's prefix, then WebCrypto's output, which is exactly the rest of a frame.
    pub(super) async fn seal(
        &self,
        frame: &Frame,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> Result<(), Fault> {
        let refused = || Fault::Browser("SubtleCrypto.encrypt");
        let prefix = frame.prefix();
        let prefix_len = u32::try_from(prefix.len()).map_err(|_| refused())?;
        let rest = sealed.subarray(prefix_len, sealed.length());
        sealed.subarray(0, prefix_len).copy_from(&prefix);
        let iv = Uint8Array::from(frame.iv().as_slice());
        let aad = Uint8Array::from(&*frame.aad(&self.message_id));
        let parameters = AesGcmParams::new_with_u8_array(ALGORITHM, &iv);
        parameters.set_additional_data_u8_array(&aad);
        let parameters: &Object = parameters.as_ref();
        let output = self
            .subtle
            .encrypt_with_object_and_js_u8_array(parameters, &self.key, plaintext)
            .map_err(|_| refused())?;
        let output = JsFuture::from(output).await.map_err(|_| refused())?;
        let output = Uint8Array::new(&output);
        if output.length() != rest.length() {
            return Err(refused());
        }
        rest.set(&output, 0);
        Ok(())
    }
}
