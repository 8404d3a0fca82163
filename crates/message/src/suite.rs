//! The suite that we write and read, and every constant of the format.
//!
//! Suite 0x0478 is AES-256-GCM with a 12-byte IV and a 16-byte tag, HKDF-SHA512, key commitment and no
//! signature, in message format version 2.

/// The version byte of the message format.
pub(crate) const VERSION: u8 = 0x02;
/// AES-256-GCM, HKDF-SHA512, key commitment, no signature.
pub(crate) const SUITE: u16 = 0x0478;
/// Content type "framed".
pub(crate) const FRAMED: u8 = 0x02;
/// Marks the final frame, in the field where a regular frame has its sequence number.
pub(crate) const FINAL_FRAME: u32 = 0xFFFF_FFFF;

/// The length in bytes of an AES-256 key: data keys, content keys, key-encryption keys.
pub const KEY_LEN: usize = 32;
/// The length in bytes of a GCM initialisation vector.
pub const IV_LEN: usize = 12;
/// The length in bytes of a GCM tag.
pub const TAG_LEN: usize = 16;
/// The length in bytes of a message id.
pub const MESSAGE_ID_LEN: usize = 32;

/// The length in bytes of a header without encryption context and encrypted data keys, the tag included.
pub(crate) const BARE_HEADER_LEN: u64 = 92;
/// The bytes of a regular frame besides its ciphertext: sequence number, IV, tag.
pub const REGULAR_FRAME_OVERHEAD: u64 = 32;
/// The bytes of the final frame besides its ciphertext: those of a regular frame, its mark and the content
/// length.
pub const FINAL_FRAME_OVERHEAD: u64 = 40;
/// The difference between [`FINAL_FRAME_OVERHEAD`] and [`REGULAR_FRAME_OVERHEAD`].
pub(crate) const FINAL_FRAME_EXTRA: u64 = 8;

/// HKDF's info for the content key. The suite's number stands in front.
pub(crate) const DERIVE_KEY_INFO: &[u8] = b"\x04\x78DERIVEKEY";
/// HKDF's info for the commitment.
pub(crate) const COMMIT_KEY_INFO: &[u8] = b"COMMITKEY";
/// The IV of the header's tag. No frame has the same IV, because sequence numbers start at 1.
pub(crate) const HEADER_IV: [u8; IV_LEN] = [0; IV_LEN];

/// The text in the AAD of a regular frame.
pub(crate) const REGULAR_FRAME_TEXT: &[u8] = b"AWSKMSEncryptionClient Frame";
/// The text in the AAD of the final frame.
pub(crate) const FINAL_FRAME_TEXT: &[u8] = b"AWSKMSEncryptionClient Final Frame";

/// The provider id of a data key that AWS KMS encrypted.
pub const AWS_KMS: &str = "aws-kms";
