//! Support for the user stories: the real server ([`Setup`], [`Stack`]) with its embedded store or [`Garage`], real
//! browsers ([`Browser`], [`Page`]), moto's KMS ([`Moto`]) and the official readers of the format
//! ([`official_readers`]). A [`Scene`] is the browser and the store of a story. [`Watched`] is a server whose requests
//! to its store are recorded one by one.
//!
//! Nothing here replaces a part of Sealift. [`Gate`] is a proxy that holds bytes back, [`Proxy`] is one
//! that makes requests fail.

mod browser;
mod garage;
mod gate;
mod large_file;
mod lines;
mod moto;
pub mod official_readers;
mod page;
mod plaintext;
mod processes;
mod programs;
mod proxy;
mod read;
mod scene;
pub mod sealift;
mod setup;
pub mod sizes;
mod stack;
mod watched;

pub use browser::{Browser, BrowserKind, ConsoleLine, Profile};
pub use garage::Garage;
pub use gate::Gate;
pub use large_file::LargeFile;
pub use moto::Moto;
pub use page::{FilePage, FilesPage, Page, Row};
pub use plaintext::Randomness;
pub use processes::{below as processes_below, memory_below};
pub use proxy::{Fault, FaultKind, Journal, Operation, Plan, Proxy, Reached, RequestHead};
pub use read::{Reading, read_content};
pub use scene::Scene;
pub use setup::{Setup, Store, server_in};
pub use stack::{Stack, upload};
pub use watched::Watched;
