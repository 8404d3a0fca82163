//! Parses and writes the header of a message, in the order of the format (docs/FORMAT.md, header).

#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod authentication;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod builder;
mod encrypted_data_key;
mod encryption_context;
mod frame_length;
mod limits;
mod reader;

#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
pub use authentication::VerifiedHeader;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
pub use builder::HeaderBuilder;
pub use encrypted_data_key::EncryptedDataKey;
#[cfg(feature = "legacy-suites")]
pub(crate) use encrypted_data_key::open_raw_aes;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
pub use encrypted_data_key::{unwrap_raw_aes, wrap_raw_aes};
pub use encryption_context::EncryptionContext;
pub use frame_length::FrameLength;
pub use limits::Limits;
pub use reader::{HeaderRead, HeaderReader};

use crate::error::{DecryptError, Field, Unsupported};
use crate::key::{Commitment, MessageId};
use crate::suite::{FRAMED, SUITE, TAG_LEN, VERSION};
use crate::wire::{Reader, len_of};

/// A header that is parsed but not authenticated. Only `verify` turns it into something that opens or seals.
/// The header keeps its bytes, because they are compared and authenticated exactly as they are.
#[derive(Clone)]
pub struct Header {
    bytes: Vec<u8>,
    message_id: MessageId,
    encryption_context: EncryptionContext,
    encrypted_data_keys: Vec<EncryptedDataKey>,
    frame_length: FrameLength,
    commitment: Commitment,
    tag: [u8; TAG_LEN],
}

impl Header {
    /// Reads the header at the start of `bytes`, and returns it with its length in bytes. Verify it next.
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
        match reader.u8()? {
            VERSION => {}
            other => return Err(Unsupported::Version(other).into()),
        }
        match reader.u16()? {
            SUITE => {}
            other => return Err(Unsupported::Suite(other).into()),
        }
        let message_id = MessageId::from_bytes(reader.array()?);
        let encryption_context = EncryptionContext::read(&mut reader, limits)?;
        let encrypted_data_keys = EncryptedDataKey::read_all(&mut reader, limits)?;
        match reader.u8()? {
            FRAMED => {}
            other => return Err(Unsupported::ContentType(other).into()),
        }
        let frame_length = FrameLength::read(&mut reader, limits)?;
        let commitment = Commitment::from_bytes(reader.array()?);
        let tag = reader.array()?;
        Ok(Self {
            bytes: reader.taken().to_vec(),
            message_id,
            encryption_context,
            encrypted_data_keys,
            frame_length,
            commitment,
            tag,
        })
    }

    /// Reads the header of an object of ours, which must be all of `bytes`, have one data key, and have a
    /// frame length that we write.
    ///
    /// # Errors
    /// Fails like [`Header::parse`], and with [`Field::AfterTheEnd`] if bytes follow the header.
    pub fn parse_own(bytes: &[u8]) -> Result<Self, DecryptError> {
        let (header, len) = Self::parse(bytes, &Limits::OWN)?;
        if len == bytes.len() {
            Ok(header)
        } else {
            Err(DecryptError::Malformed {
                field: Field::AfterTheEnd,
                at: header.len(),
            })
        }
    }

    /// Returns the header as it stands in the message, tag included.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns H, the length of the header in bytes.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a header has 92 bytes at least"
    )]
    pub fn len(&self) -> u64 {
        len_of(&self.bytes)
    }

    /// Returns the message id.
    #[must_use]
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// Returns the pairs that are stored in the header. For our own objects the record says what they must
    /// be, so compare them (R5).
    #[must_use]
    pub fn encryption_context(&self) -> &EncryptionContext {
        &self.encryption_context
    }

    /// Returns the encrypted data keys: at least one, and one for every key that opens the message.
    #[must_use]
    pub fn encrypted_data_keys(&self) -> &[EncryptedDataKey] {
        &self.encrypted_data_keys
    }

    /// Returns F, the plaintext bytes of a regular frame.
    #[must_use]
    pub fn frame_length(&self) -> FrameLength {
        self.frame_length
    }

    /// Returns the commitment that the data key must derive.
    #[must_use]
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl PartialEq for Header {
    /// Compares the bytes, because everything else follows from them.
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Header {}

impl core::fmt::Debug for Header {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Header")
            .field("message_id", &self.message_id)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A header as the server stored it before any of it left the server (R1), for code that has only the content
/// key and so cannot compare the commitment: the uploader and the reader in the browser. An object must begin
/// with exactly these bytes, whatever a store sends (R5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHeader(Header);

impl StoredHeader {
    /// Reads all the header bytes that the server sent. Call [`StoredHeader::verify`] next.
    ///
    /// # Errors
    /// Fails like [`Header::parse_own`].
    pub fn new(bytes: &[u8]) -> Result<Self, DecryptError> {
        Header::parse_own(bytes).map(Self)
    }

    /// Returns the parsed header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.0
    }

    /// Checks that an object begins with exactly this header.
    ///
    /// # Errors
    /// Returns [`DecryptError::Truncated`] if `object` is shorter than the header, and
    /// [`DecryptError::Unauthentic`] if it begins with other bytes.
    pub fn expect_at_start(&self, object: &[u8]) -> Result<(), DecryptError> {
        let stored = self.0.as_bytes();
        let (head, _) = object
            .split_at_checked(stored.len())
            .ok_or(DecryptError::Truncated)?;
        if head == stored {
            Ok(())
        } else {
            Err(DecryptError::Unauthentic)
        }
    }
}
