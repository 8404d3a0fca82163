//! The native driver of uploads and downloads, for the command line, the tests and other people's
//! programs. This crate only carries out rules: [`sealift_transfer`] has the rules of an upload, and
//! [`sealift_message`] has those of the format.
//!
//! - [`Client::upload`] seals a [`Source`] (a [`FileSource`], bytes in memory, a [`StreamSource`], or
//!   a [`SealedSpool`] if the size is not known before the end) and sends it;
//!   [`UploadControl`] pauses, leaves or cancels an upload
//! - [`Client::unfinished`] lists the uploads that can be resumed, [`Client::resume`] resumes one
//! - [`Client::download_to`] and [`Client::save`] save a file's plaintext on disk, whole or not at
//!   all; [`Client::download_into`] writes it to any output, [`Client::download`] returns one answer
//!   of the server
//! - [`Client::files`], [`Client::search`], [`Client::all_files`], [`Client::file`],
//!   [`Client::verify`], [`Client::delete`], [`Client::policy`]
//! - [`Client::make_ticket`] lets somebody without a login download one file, once;
//!   [`Client::revoke_ticket`] ends that
//! - the single steps, for programs that drive an upload themselves: [`Client::open_upload`],
//!   [`PartSealer`], [`Client::sign_parts`], [`Client::put_part`], [`Client::complete`],
//!   [`Client::abort`], [`Client::status`], [`Client::key`]
//!
//! Only [`Client::upload`], [`Client::resume`] and the downloads that continue after a break retry
//! requests. No error and no log contains a presigned URL, a key or an API key.

mod address;
mod api_key;
mod batches;
mod client;
mod clocks;
mod credential;
mod download;
mod error;
mod files;
mod part_buffers;
mod part_files;
mod part_sealer;
mod put_part;
mod random;
#[cfg(test)]
mod raw_server;
mod request;
mod sealed_part;
mod slots;
mod source;
mod tickets;
mod upload;
mod uploads;

pub use address::AddressError;
pub use api_key::{ApiKey, NotAnApiKey};
pub use client::{Client, ClientError, Patience};
pub use download::{
    Download, DownloadError, DownloadProgress, Downloaded, IfExists, SaveOptions, Saved, numbered,
};
pub use error::{Peer, RequestError};
pub use part_sealer::{PartSealer, PartSealerError};
pub use source::{FileSource, SealedSpool, Source, SourceError, StreamSource, open_regular_file};
pub use tokio_util::sync::CancellationToken;
pub use upload::{Progress, ResumeOptions, UploadControl, UploadError, UploadOptions};
