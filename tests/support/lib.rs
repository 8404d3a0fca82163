//! What the stories stand on: the real server with its embedded store ([`Setup`], [`Stack`]), a
//! real browser ([`Browser`], [`Page`]), moto's KMS ([`Moto`]) and the official readers of the
//! format ([`official_readers`]).
//!
//! Nothing here stands in for a part of Sealift. [`Gate`] is a wire that can be slow.

mod browser;
mod gate;
mod lines;
mod moto;
pub mod official_readers;
mod page;
mod plaintext;
mod programs;
mod read;
mod setup;
pub mod sizes;
mod stack;

pub use browser::{Browser, ConsoleLine};
pub use gate::Gate;
pub use moto::Moto;
pub use page::{Page, Row};
pub use plaintext::Randomness;
pub use read::{Reading, read_content};
pub use setup::Setup;
pub use stack::{Stack, upload};
