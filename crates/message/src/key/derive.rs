//! From the data key to the content key and the commitment (FORMAT.md, keys).

use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::{Commitment, ContentKey, DataKey, KeyBytes, MessageId};
use crate::suite::{COMMIT_KEY_INFO, DERIVE_KEY_INFO, KEY_LEN};

impl DataKey {
    /// HKDF-SHA512 with the message id as salt: the content key and the commitment of the message
    /// with this id.
    #[must_use]
    pub fn derive(&self, message_id: &MessageId) -> (ContentKey, Commitment) {
        let prk = Hkdf::<Sha512>::new(Some(message_id.as_bytes()), self.expose());
        let content_key = ContentKey(expanded(&prk, DERIVE_KEY_INFO));
        let commitment = Commitment::from_bytes(**expanded(&prk, COMMIT_KEY_INFO));
        (content_key, commitment)
    }
}

#[expect(
    clippy::expect_used,
    reason = "HKDF-SHA512 expands to 16,320 bytes at most, and these are 32"
)]
fn expanded(prk: &Hkdf<Sha512>, info: &[u8]) -> KeyBytes {
    let mut key: KeyBytes = Box::new(Zeroizing::new([0; KEY_LEN]));
    prk.expand(info, key.as_mut_slice())
        .expect("32 bytes can be expanded");
    key
}
