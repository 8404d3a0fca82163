//! The native driver of uploads and downloads: for the command line, the tests and other people's
//! programs. It has no rules of its own: those of an upload stand in [`sealift_transfer`], those of
//! the format in [`sealift_message`]; it only carries them out.
//!
//! - [`Client::upload`] seals a [`Source`] (a [`FileSource`], bytes in memory, a [`StreamSource`], or
//!   a [`SealedSpool`] where nobody knows the size before) and sends it;
//!   [`UploadControl`] pauses it, leaves it or takes it back
//! - [`Client::unfinished`] lists the uploads that can go on, [`Client::resume`] goes on with one
//! - [`Client::download_to`] and [`Client::save`] keep a file's plaintext on disk, whole or not at
//!   all; [`Client::download_into`] writes it to whatever takes it, [`Client::download`] gives one
//!   answer of the server
//! - [`Client::files`], [`Client::search`], [`Client::all_files`], [`Client::file`],
//!   [`Client::verify`], [`Client::delete`], [`Client::policy`]
//! - [`Client::make_ticket`] lets somebody without a login download one file, once;
//!   [`Client::revoke_ticket`] takes that back
//! - one by one, for who drives an upload otherwise: [`Client::open_upload`], [`PartSealer`],
//!   [`Client::sign_parts`], [`Client::put_part`], [`Client::complete`], [`Client::abort`],
//!   [`Client::status`], [`Client::key`]
//!
//! Nothing is tried again but within [`Client::upload`], [`Client::resume`] and the downloads that go
//! on. Presigned addresses, keys and API keys
//! stand in no error and no log.

mod address;
mod api_key;
mod client;
mod clocks;
mod credential;
mod download;
mod error;
mod files;
mod part_buffers;
mod part_sealer;
mod put_part;
mod put_turns;
mod random;
#[cfg(test)]
mod raw_server;
mod request;
mod source;
mod tickets;
mod upload;
mod uploads;

pub use address::AddressError;
pub use api_key::{ApiKey, NotAnApiKey};
pub use client::{Client, ClientError, Patience};
pub use download::{
    Download, DownloadError, DownloadProgress, Downloaded, SaveOptions, Saved, Taken, numbered,
};
pub use error::{Peer, RequestError};
pub use part_sealer::{PartSealer, PartSealerError};
pub use source::{FileSource, SealedSpool, Source, SourceError, StreamSource, open_regular_file};
pub use tokio_util::sync::CancellationToken;
pub use upload::{Progress, ResumeOptions, UploadControl, UploadError, UploadOptions};
