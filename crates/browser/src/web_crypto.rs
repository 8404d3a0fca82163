//! Seals and opens the frames of one message with the browser's own AES-GCM.

use js_sys::{Array, Object, Promise, Uint8Array};
use sealift_message::{ContentKey, Frame, MessageId};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, CryptoKey, SubtleCrypto};

use crate::{browser, failure::Fault};

const ALGORITHM: &str = "AES-GCM";

/// The number of frames given to WebCrypto at once: the fewest that keep every engine busy.
pub(crate) const FRAMES_IN_FLIGHT: usize = 4;

/// The one operation that a key allows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Seal,
    Open,
}

/// A content key that the browser holds and does not give back (docs/FORMAT.md, R9).
pub(crate) struct Key {
    key: CryptoKey,
    subtle: SubtleCrypto,
    message_id: MessageId,
}

impl Key {
    pub(crate) async fn import(
        content_key: &ContentKey,
        message_id: MessageId,
        only: Use,
    ) -> Result<Self, Fault> {
        let refused = |_| Fault::Browser("SubtleCrypto.importKey");
        let subtle = browser::subtle()?;
        let bytes = Uint8Array::from(content_key.expose().as_slice());
        let only = match only {
            Use::Seal => "encrypt",
            Use::Open => "decrypt",
        };
        let uses = Array::of1(&JsValue::from_str(only));
        let import = subtle.import_key_with_str("raw", &bytes, ALGORITHM, false, &uses);
        // WebCrypto has copied them by now.
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

    /// Writes the frame's prefix, then WebCrypto's output, which is exactly the rest of a frame.
    pub(crate) async fn seal(
        &self,
        frame: &Frame,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> Result<(), Fault> {
        let refused = || Fault::Browser("SubtleCrypto.encrypt");
        let prefix = frame.prefix();
        let (before, rest) = split(sealed, prefix.len());
        before.copy_from(&prefix);
        let output = self.subtle.encrypt_with_object_and_js_u8_array(
            &self.parameters(frame),
            &self.key,
            plaintext,
        );
        let output = output.map_err(|_| refused())?;
        copied(output, &rest).await.ok_or_else(refused)
    }

    /// Checks the frame's prefix, which is at `at` in the message, and opens the rest.
    ///
    /// # Errors
    /// Returns [`Fault::ObjectDamaged`] if the frame is not authentic. `plaintext` is not written to then.
    pub(crate) async fn open(
        &self,
        frame: &Frame,
        at: u64,
        sealed: &Uint8Array,
        plaintext: &Uint8Array,
    ) -> Result<(), Fault> {
        let damaged = || Fault::ObjectDamaged;
        let (before, rest) = split(sealed, frame.prefix().len());
        let before = before.to_vec();
        frame.expect_prefix(&before, at).map_err(|_| damaged())?;
        let output = self.subtle.decrypt_with_object_and_js_u8_array(
            &self.parameters(frame),
            &self.key,
            &rest,
        );
        let output = output.map_err(|_| damaged())?;
        copied(output, plaintext).await.ok_or_else(damaged)
    }

    /// Returns the browser's key, which it does not give back.
    pub(crate) fn crypto_key(&self) -> &CryptoKey {
        &self.key
    }

    /// Returns the first parameter of WebCrypto's `encrypt` and `decrypt` for a frame.
    pub(crate) fn parameters(&self, frame: &Frame) -> Object {
        let iv = Uint8Array::from(frame.iv().as_slice());
        let aad = Uint8Array::from(&*frame.aad(&self.message_id));
        let parameters = AesGcmParams::new_with_u8_array(ALGORITHM, &iv);
        parameters.set_additional_data_u8_array(&aad);
        parameters.unchecked_into()
    }
}

/// Splits a frame into its prefix and the rest.
fn split(sealed: &Uint8Array, prefix_len: usize) -> (Uint8Array, Uint8Array) {
    // The prefix has at most 24 bytes.
    let at = u32::try_from(prefix_len).unwrap_or(u32::MAX);
    (sealed.subarray(0, at), sealed.subarray(at, sealed.length()))
}

/// Copies WebCrypto's output to `target`. Returns `None` if it failed or has another length.
async fn copied(output: Promise, target: &Uint8Array) -> Option<()> {
    let output = JsFuture::from(output).await.ok()?;
    let output = Uint8Array::new(&output);
    (output.length() == target.length()).then(|| target.set(&output, 0))
}
