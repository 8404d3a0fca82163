//! The format of every stored object: one AWS Encryption SDK message, version 2, framed, suite 0x0478. The
//! crate turns bytes into bytes: it has no I/O, no clock and no async, and takes randomness as a parameter.
//!
//! The usual path through the crate:
//!
//! - To start a message, make a [`MessageId`] with [`MessageId::make`], get a [`DataKey`] and its
//!   [`EncryptedDataKey`] from a keyring, and let [`HeaderBuilder`] make the one [`Header`].
//! - To use a header, verify it. [`Header::verify`] takes the data key and compares the commitment;
//!   [`StoredHeader::verify`] takes only the content key. Nothing else makes a [`VerifiedHeader`].
//! - To write, use [`FrameSealer`], which seals whole frames in any order as [`Layout`] says, or
//!   [`StreamSealer`], which seals frames in order while their number is still unknown.
//! - To read, use [`Decryptor`] for a whole message (with [`HeaderReader`] in front if the header is not
//!   known), or [`RangeDecryptor`] for a range. Both release only authentic bytes, and `finish` proves the
//!   end.
//! - To read other people's messages, of older suites, signed or not framed, use the module `general`.
//! - To seal or open with an AEAD outside this crate (WebCrypto), use [`Frame`], which has all it needs.
//!
//! Features: `aws-lc-rs` (the default) and `aes-gcm` are the AES backends. With neither, only the arithmetic
//! and the form of the header remain. `legacy-suites` adds `general`, and enables `aws-lc-rs`.

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
