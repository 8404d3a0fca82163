//! Reads other people's messages: every suite and form that an AWS Encryption SDK ever wrote. The module only
//! reads, and is separate from the crate's own path, which stays as narrow as our objects are: nothing here
//! makes a [`Header`](crate::Header), a [`VerifiedHeader`](crate::VerifiedHeader) or anything else of that
//! path.
//!
//! A message goes through these steps, and the types enforce their order:
//!
//! 1. [`HeaderReader`] returns the [`Header`], which is parsed but not authenticated, and says which data
//!    keys to open. To inspect a message, no other step is needed.
//! 2. [`Header::check`] applies the [`Policy`] before any key is used. The policy requires key commitment
//!    unless the user explicitly goes without.
//! 3. [`Header::verify`] takes the opened data key. The policy is checked again, then the commitment if there
//!    is one, then the header's tag.
//! 4. [`VerifiedHeader::opener`] returns one of two openers. The plaintext of a signed message must not be
//!    used before `finish`, so the `push` of its opener has another name.
//!
//! The module has only what these messages need. RSA and keyrings other than KMS and raw AES are not
//! supported, and the signature is always ECDSA. A message that is not framed is held in memory, up to a
//! limit, because none of its plaintext may be released before its one tag.

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
