//! Support for the user stories: the real server with its store ([`Setup`], [`Stack`], [`Garage`]), real browsers
//! ([`Browser`], [`Page`]), moto's KMS ([`Moto`]) and the official readers of the format ([`official_readers`]). A
//! [`Scene`] is the browser and the store of a story.
//!
//! Nothing here replaces a part of Sealift. A [`Proxy`] can stand on each connection between the parts ([`Proxies`]): it
//! records requests, holds bytes or requests back ([`Gate`]), and makes requests fail.

mod browser;
mod credentials;
mod distance;
mod garage;
mod large_file;
pub mod lines;
mod moto;
pub mod official_readers;
mod page;
mod plaintext;
mod processes;
mod programs;
mod proxies;
mod proxy;
mod read;
mod scene;
pub mod sealift;
mod setup;
pub mod sizes;
mod stack;

pub use browser::{Browser, BrowserKind, ConsoleLine, Profile};
pub use credentials::StoreCredentials;
pub use distance::Distance;
pub use garage::Garage;
pub use large_file::LargeFile;
pub use moto::Moto;
pub use page::{FilePage, FilesPage, Page, Row};
pub use plaintext::Randomness;
pub use processes::{below as processes_below, memory_below};
pub use proxies::{Proxies, address_in, free_address};
pub use proxy::{
    Fault, FaultKind, Gate, HeldRequest, IamPolicy, Journal, Operation, Plan, Proxy, Reached,
    Recorded, RequestHead,
};
pub use read::{Reading, read_content};
pub use scene::Scene;
pub use setup::{Setup, Store, server_in};
pub use stack::{Stack, upload};
