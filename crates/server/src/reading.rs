//! The way of a read: [`decrypt`] gets ciphertext from the store and opens its frames, for downloads, for
//! completion and for the verifier; [`download`] makes the body of an answer of it.

pub(crate) mod decrypt;
pub(crate) mod download;
