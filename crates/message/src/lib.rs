//! The format of every stored object: one AWS Encryption SDK message, version 2, framed, suite
//! 0x0478. Bytes in, bytes out: no I/O, no clock, no async; randomness is a parameter.
//!
//! The paved path:
//!
//! - A new message: [`MessageId::make`], a [`DataKey`] and its [`EncryptedDataKey`] from a keyring,
//!   then [`HeaderBuilder`] gives the one [`Header`].
//! - A header becomes a [`VerifiedHeader`] by [`Header::verify`] (with the data key: compares the
//!   commitment) or [`StoredHeader::verify`] (with the content key only), and by nothing else.
//! - Writing: [`FrameSealer`] seals whole frames in any order, as [`Layout`] says; [`StreamSealer`]
//!   seals them in order while nobody knows how many there will be.
//! - Reading: [`Decryptor`] for a whole message ([`HeaderReader`] in front where the header is not
//!   known), [`RangeDecryptor`] for a range. Nothing leaves them that is not authentic, and
//!   `finish` proves the end.
//! - Other people's messages, of older suites, signed or not framed: the module `general`.
//! - An AEAD that lives elsewhere (WebCrypto) gets all it needs from [`Frame`].
//!
//! Features: `aws-lc-rs` (default) and `aes-gcm`, the AES backends. With neither, what is left is
//! the arithmetic and the header's form. `legacy-suites` adds `general`, and `aws-lc-rs` with it.

#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(
    not(any(feature = "aws-lc-rs", feature = "aes-gcm")),
    expect(dead_code, reason = "only the backends' callers use it")
)]

#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod aead;
mod error;
mod frame;
#[cfg(feature = "legacy-suites")]
pub mod general;
mod header;
mod key;
mod layout;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod open;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod open_range;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod record;
#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
mod seal;
pub mod suite;
mod wire;

pub use error::{
    DecryptError, Field, FrameLengthError, HeaderError, LayoutError, RangeError, SealError,
    Unsupported,
};
pub use frame::{Frame, SequenceNumber, SequenceNumberOutOfRange};
pub use header::{
    EncryptedDataKey, EncryptionContext, FrameLength, Header, HeaderRead, HeaderReader, Limits,
    StoredHeader,
};
pub use key::{Commitment, ContentKey, DataKey, MessageId};
pub use layout::{FrameIndex, Layout};
pub use wire::Piece;

#[cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
pub use {
    aead::Backend,
    header::{HeaderBuilder, VerifiedHeader, unwrap_raw_aes, wrap_raw_aes},
    open::{Decryptor, Verified},
    open_range::{RangeDecryptor, RangeOpener},
    record::{open_record, seal_record},
    seal::{FrameSealer, StreamSealer},
};
