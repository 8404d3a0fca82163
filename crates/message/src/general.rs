//! Other people's messages: every suite and form that an AWS Encryption SDK ever wrote, for reading
//! only. Apart from the crate's own path, which stays as narrow as our objects are: nothing here
//! makes a [`Header`](crate::Header), a [`VerifiedHeader`](crate::VerifiedHeader) or anything else of
//! it.
//!
//! The way of a message, in the order that the types demand:
//!
//! 1. [`HeaderReader`] gives the [`Header`]: understood, not authenticated. It says which data keys
//!    to open, and is all that looking at a message needs.
//! 2. [`Header::check`] asks the [`Policy`] before any key is touched. Key commitment is required
//!    unless somebody explicitly goes without.
//! 3. [`Header::verify`] with the opened data key: policy again, commitment where there is one, then
//!    the header's tag.
//! 4. [`VerifiedHeader::opener`] gives one of two openers. Of a signed message nobody may use the
//!    plaintext before `finish`, so that its `push` has another name.
//!
//! What is needed of old is kept to what these messages need: RSA and other keyrings than KMS and
//! raw AES are not here, the signature is ECDSA, and a message that is not framed is held in memory
//! up to a limit, since nothing of it may be given before its one tag.

mod body;
mod data_key;
mod header;
mod opener;
mod policy;
mod signature;
mod suite;
mod unframed;
mod verified;

pub use data_key::{AnyDataKey, unwrap_raw_aes};
pub use header::{Content, Header, HeaderRead, HeaderReader};
pub use opener::{Opener, SignedOpener, UnsignedOpener};
pub use policy::Policy;
pub use signature::PUBLIC_KEY;
pub use suite::Suite;
pub use verified::VerifiedHeader;
