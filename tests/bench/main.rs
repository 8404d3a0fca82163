//! Measures Sealift beside its peers. `cargo xtask bench` builds this program, passes it the paths of the other
//! programs, and makes tables and charts of the lines that it prints ([`figures`]).
//!
//! The contestants alternate, A B A B, so that other load on the machine affects all of them alike.

mod client;
mod figures;
mod ground;
mod link;
mod link_use;
mod many;
mod memory;
mod native;
mod opening;
mod plain_store;
mod processes;
mod race;
mod ranges;
mod reading;
mod resume;
mod sealing;
mod sink;
mod site;
mod upload;

use anyhow::{Result, bail};

/// The sizes and the number of rounds.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// Bytes of the file that is uploaded.
    upload_bytes: u64,
    /// Bytes of the plaintext that is only sealed.
    sealing_bytes: u64,
    /// The number of small files.
    small_files: usize,
    /// Bytes of the file whose upload is left half-way and resumed.
    resumed_bytes: u64,
    /// Bytes of the files with which memory is measured.
    memory_bytes: &'static [u64],
    /// Bytes of the files with which the memory of opening is measured.
    opened_bytes: &'static [u64],
    /// Rounds for every contestant.
    rounds: usize,
}

const MIB: u64 = 1 << 20;

const FULL: Scale = Scale {
    upload_bytes: 1024 * MIB,
    sealing_bytes: 100 * MIB,
    small_files: 1000,
    resumed_bytes: 4096 * MIB,
    memory_bytes: &[100 * MIB, 1024 * MIB, 8192 * MIB],
    opened_bytes: &[100 * MIB, 1024 * MIB, 4096 * MIB],
    rounds: 5,
};

/// Small sizes that show whether the bench works, not how fast Sealift is.
const QUICK: Scale = Scale {
    upload_bytes: 128 * MIB,
    sealing_bytes: 32 * MIB,
    small_files: 200,
    resumed_bytes: 256 * MIB,
    memory_bytes: &[100 * MIB, 300 * MIB],
    opened_bytes: &[100 * MIB, 300 * MIB],
    rounds: 2,
};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let scale = match is_quick {
        true => QUICK,
        false => FULL,
    };
    for row in arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
    {
        match row.as_str() {
            "upload" => upload::in_chromium(scale).await?,
            "sink" => sink::measure(scale).await?,
            "firefox" => upload::in_firefox(scale).await?,
            link::ROW => link::measure(is_quick).await?,
            link::INSIDE => link::inside(scale).await?,
            "resume" => resume::measure(scale).await?,
            "sealing" => sealing::measure(scale).await?,
            "native" => native::measure(scale)?,
            "client" => client::measure(scale).await?,
            "opening" => opening::measure(scale).await?,
            "ranges" => ranges::measure(scale).await?,
            "reading" => reading::measure(scale).await?,
            "many" => many::measure(scale).await?,
            "memory" => memory::measure(scale).await?,
            _ => bail!("unknown row {row}"),
        }
    }
    Ok(())
}
