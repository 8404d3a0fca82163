//! The header of any message, in format version 1 or 2. The fields are read in the order of the format.

mod reader;

pub use reader::{HeaderRead, HeaderReader};

use super::signature::PublicKey;
use super::{Policy, Suite};
use crate::error::{DecryptError, Field, Unsupported};
use crate::header::{EncryptedDataKey, EncryptionContext, FrameLength, Limits};
use crate::key::Commitment;
use crate::suite::{FRAMED, HEADER_IV, IV_LEN, MESSAGE_ID_LEN, SUITE, TAG_LEN, VERSION};
use crate::wire::{Piece, Reader, len_of};

/// A header of any suite, parsed but not authenticated. Check it with [`Header::check`], then verify it.
#[derive(Clone)]
pub struct Header {
    bytes: Vec<u8>,
    /// The number of bytes that the tag covers.
    authenticated_len: usize,
    suite: Suite,
    message_id: Piece<MESSAGE_ID_LEN>,
    encryption_context: EncryptionContext,
    public_key: Option<PublicKey>,
    encrypted_data_keys: Vec<EncryptedDataKey>,
    content: Content,
    commitment: Option<Commitment>,
    iv: [u8; IV_LEN],
    tag: [u8; TAG_LEN],
}

/// The layout of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Frames of this many plaintext bytes.
    Framed(FrameLength),
    /// One piece.
    Unframed,
}

impl Header {
    /// Reads the header at the start of `bytes`, and returns it with its length in bytes. Every suite is
    /// accepted, so that a message that the [`Policy`] refuses can still be inspected.
    ///
    /// # Errors
    /// Returns [`DecryptError::Truncated`] if the bytes end within the header. Otherwise the error says which
    /// field is malformed or over the limits. A length that the bytes only claim allocates nothing.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, usize), DecryptError> {
        let most = limits.header_bytes();
        let (seen, if_short) = match bytes.split_at_checked(most) {
            Some((seen, beyond)) if !beyond.is_empty() => {
                let most = len_of(seen);
                let over = limits.over(Field::Header, most.saturating_add(1), most);
                (seen, over.into())
            }
            _ => (bytes, DecryptError::Truncated),
        };
        let header = Self::read(Reader::new(seen, 0, if_short), limits)?;
        let len = header.bytes.len();
        Ok((header, len))
    }

    fn read(mut reader: Reader<'_>, limits: &Limits) -> Result<Self, DecryptError> {
        let version = match reader.u8()? {
            known @ (OLD_VERSION | VERSION) => known,
            other => return Err(Unsupported::Version(other).into()),
        };
        let is_old = version == OLD_VERSION;
        if is_old {
            expect(&mut reader, &[CUSTOMER_AUTHENTICATED_DATA])?;
        }
        let id = reader.u16()?;
        let suite = Suite::of(id)
            .filter(|suite| suite.format_version() == version)
            .ok_or(Unsupported::Suite(id))?;
        let id_len = if is_old {
            OLD_MESSAGE_ID_LEN
        } else {
            MESSAGE_ID_LEN
        };
        let message_id = Piece::of(&[reader.take(id_len)?]);
        let at = reader.at();
        // Official readers accept the pairs in any order, and some writers did not sort them. Our own suite
        // requires our own order.
        let encryption_context = if suite.id() == SUITE {
            EncryptionContext::read(&mut reader, limits)?
        } else {
            EncryptionContext::read_in_any_order(&mut reader, limits)?
        };
        let public_key = PublicKey::of(suite, &encryption_context, at)?;
        let encrypted_data_keys = EncryptedDataKey::read_all(&mut reader, limits)?;
        let content_type = reader.u8()?;
        if is_old {
            expect(&mut reader, &RESERVED_AND_IV_LEN)?;
        }
        let content = Content::read(content_type, &mut reader, limits)?;
        let commitment = if suite.has_commitment() {
            Some(Commitment::from_bytes(reader.array()?))
        } else {
            None
        };
        let authenticated_len = reader.taken().len();
        let iv = if is_old { reader.array()? } else { HEADER_IV };
        let tag = reader.array()?;
        Ok(Self {
            bytes: reader.taken().to_vec(),
            authenticated_len,
            suite,
            message_id,
            encryption_context,
            public_key,
            encrypted_data_keys,
            content,
            commitment,
            iv,
            tag,
        })
    }

    /// Checks whether the policy accepts this message. Call this before you look for a key;
    /// [`Header::verify`] checks it again.
    ///
    /// # Errors
    /// Returns [`Unsupported::NoCommitment`] if the policy refuses the suite.
    pub fn check(&self, policy: &Policy) -> Result<(), DecryptError> {
        policy.check(self.suite)
    }

    /// Returns the header as it stands in the message, tag included.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the length of the header in bytes.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a header has dozens of bytes at least"
    )]
    pub fn len(&self) -> u64 {
        len_of(&self.bytes)
    }

    /// Returns the algorithm suite, which also says the version of the format.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Returns the message id: 32 bytes, or 16 in format version 1.
    #[must_use]
    pub fn message_id(&self) -> &[u8] {
        &self.message_id
    }

    /// Returns the pairs that are stored in the header.
    #[must_use]
    pub fn encryption_context(&self) -> &EncryptionContext {
        &self.encryption_context
    }

    /// Returns the encrypted data keys: at least one, and one for every key that opens the message.
    #[must_use]
    pub fn encrypted_data_keys(&self) -> &[EncryptedDataKey] {
        &self.encrypted_data_keys
    }

    /// Returns the layout of the body.
    #[must_use]
    pub fn content(&self) -> Content {
        self.content
    }

    /// Returns the commitment that the data key must derive, if the suite has one.
    #[must_use]
    pub fn commitment(&self) -> Option<&Commitment> {
        self.commitment.as_ref()
    }

    pub(super) fn message_id_piece(&self) -> Piece<MESSAGE_ID_LEN> {
        self.message_id
    }

    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }

    /// Returns the bytes that the tag covers, the IV and the tag.
    pub(super) fn authentication(&self) -> (&[u8], &[u8; IV_LEN], &[u8; TAG_LEN]) {
        let covered = self.bytes.get(..self.authenticated_len);
        (covered.unwrap_or_default(), &self.iv, &self.tag)
    }
}

impl core::fmt::Debug for Header {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Header")
            .field("suite", &self.suite)
            .field("message_id", &self.message_id)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Content {
    /// Reads the frame length, which is zero if the body is not framed.
    fn read(
        content_type: u8,
        reader: &mut Reader<'_>,
        limits: &Limits,
    ) -> Result<Self, DecryptError> {
        match content_type {
            FRAMED => FrameLength::read(reader, limits).map(Self::Framed),
            UNFRAMED => {
                let field = Field::FrameLength;
                let at = reader.at();
                match reader.u32()? {
                    0 => Ok(Self::Unframed),
                    _ => Err(DecryptError::Malformed { field, at }),
                }
            }
            other => Err(Unsupported::ContentType(other).into()),
        }
    }
}

/// The first version of the message format.
const OLD_VERSION: u8 = 0x01;
/// The length of its message ids in bytes.
const OLD_MESSAGE_ID_LEN: usize = 16;
/// Its one message type.
const CUSTOMER_AUTHENTICATED_DATA: u8 = 0x80;
/// Four bytes that are always zero, and the length of an IV.
const RESERVED_AND_IV_LEN: [u8; 5] = [0, 0, 0, 0, 12];
const _: () = assert!(IV_LEN == 12, "RESERVED_AND_IV_LEN says so");
/// Content type "not framed".
const UNFRAMED: u8 = 0x01;

/// Reads bytes that have only one valid value.
fn expect(reader: &mut Reader<'_>, bytes: &[u8]) -> Result<(), DecryptError> {
    let at = reader.at();
    if reader.take(bytes.len())? == bytes {
        Ok(())
    } else {
        let field = Field::FixedBytes;
        Err(DecryptError::Malformed { field, at })
    }
}
