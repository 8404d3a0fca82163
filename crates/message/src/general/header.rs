//! The header of any message, in the order of the format: version 1 and version 2.

mod reader;

pub use reader::{HeaderRead, HeaderReader};

use super::signature::PublicKey;
use super::{Policy, Suite};
use crate::error::{DecryptError, Field, Unsupported};
use crate::header::{EncryptedDataKey, EncryptionContext, FrameLength, Limits};
use crate::key::Commitment;
use crate::suite::{FRAMED, HEADER_IV, IV_LEN, MESSAGE_ID_LEN, SUITE, TAG_LEN, VERSION};
use crate::wire::{Piece, Reader, len_of};

/// A header of any suite, understood but not authenticated.
#[derive(Clone)]
pub struct Header {
    bytes: Vec<u8>,
    /// How many of the bytes the tag covers.
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

/// How the body is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// In frames, of so many plaintext bytes.
    Framed(FrameLength),
    /// In one piece.
    Unframed,
}

impl Header {
    /// Reads the header at the start of `bytes`; gives it and its length. Of every suite: what a
    /// [`Policy`] refuses can be looked at.
    ///
    /// # Errors
    /// [`DecryptError::Truncated`] where the bytes end within the header, else what is wrong or over
    /// the limits. Nothing is allocated by a length that the bytes only claim.
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
        // Official readers take the pairs in any order, and some writers left them so. Where the suite
        // is ours, so is the order.
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

    /// Whether the policy takes this message: asked before a key is looked for, and again by
    /// [`Header::verify`].
    ///
    /// # Errors
    /// [`Unsupported::NoCommitment`].
    pub fn check(&self, policy: &Policy) -> Result<(), DecryptError> {
        policy.check(self.suite)
    }

    /// The header as it stands in the message, tag included.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its length in bytes.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a header has dozens of bytes at least"
    )]
    pub fn len(&self) -> u64 {
        len_of(&self.bytes)
    }

    /// The algorithm suite, and with it the format's version.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The message's id: 32 bytes, in format version 1 16.
    #[must_use]
    pub fn message_id(&self) -> &[u8] {
        &self.message_id
    }

    /// The pairs that are stored in the header.
    #[must_use]
    pub fn encryption_context(&self) -> &EncryptionContext {
        &self.encryption_context
    }

    /// The data key, encrypted: once for every key that opens the message, at least once.
    #[must_use]
    pub fn encrypted_data_keys(&self) -> &[EncryptedDataKey] {
        &self.encrypted_data_keys
    }

    /// How the body is laid out.
    #[must_use]
    pub fn content(&self) -> Content {
        self.content
    }

    /// What the data key must derive, where the suite has a commitment.
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

    /// The bytes that the tag covers, and the tag with its IV.
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
    /// The frame length as it stands in a header; it is zero where there are no frames.
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
/// Bytes of its message ids.
const OLD_MESSAGE_ID_LEN: usize = 16;
/// Its one message type.
const CUSTOMER_AUTHENTICATED_DATA: u8 = 0x80;
/// Four bytes that are always zero, and the length of an IV.
const RESERVED_AND_IV_LEN: [u8; 5] = [0, 0, 0, 0, 12];
const _: () = assert!(IV_LEN == 12, "RESERVED_AND_IV_LEN says so");
/// Content type "not framed".
const UNFRAMED: u8 = 0x01;

/// Bytes of which there is one value only.
fn expect(reader: &mut Reader<'_>, bytes: &[u8]) -> Result<(), DecryptError> {
    let at = reader.at();
    if reader.take(bytes.len())? == bytes {
        Ok(())
    } else {
        let field = Field::FixedBytes;
        Err(DecryptError::Malformed { field, at })
    }
}
