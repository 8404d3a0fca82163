//! Derives the content key and the commitment from the data key (docs/FORMAT.md, keys).

use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::{Commitment, ContentKey, DataKey, KeyBytes, MessageId};
use crate::suite::{COMMIT_KEY_INFO, DERIVE_KEY_INFO, KEY_LEN, MESSAGE_ID_LEN};

impl DataKey {
    /// Derives the content key and the commitment of the message with this id, by HKDF-SHA512 with the
    /// message id as salt.
    #[must_use]
    pub fn derive(&self, message_id: &MessageId) -> (ContentKey, Commitment) {
        let (key, commitment) = committed(self.expose(), message_id.as_bytes(), DERIVE_KEY_INFO);
        (ContentKey(key), commitment)
    }
}

/// Derives both as every suite with key commitment does. `derive_key_info` names the suite.
pub(crate) fn committed(
    data_key: &[u8; KEY_LEN],
    message_id: &[u8; MESSAGE_ID_LEN],
    derive_key_info: &[u8],
) -> (KeyBytes, Commitment) {
    let prk = Hkdf::<Sha512>::new(Some(message_id), data_key);
    let commitment = Commitment::from_bytes(**expanded(&prk, COMMIT_KEY_INFO));
    (expanded(&prk, derive_key_info), commitment)
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
