//! Measures Sealift beside its peers. `cargo xtask bench` builds it, tells it where things are, and
//! makes tables and charts of the lines that it prints ([`figures`]).
//!
//! Peers take turns, A B A B, so that what else the machine does meets all of them alike.

mod figures;
mod ground;
mod memory;
mod native;
mod opening;
mod plain_store;
mod processes;
mod ranges;
mod reading;
mod sealing;
mod site;
mod upload;

use anyhow::{Result, bail};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// Of the file that is uploaded.
    upload_bytes: u64,
    /// Of the plaintext that is only sealed.
    sealing_bytes: u64,
    /// Of the files by which memory is measured.
    memory_bytes: &'static [u64],
    /// Turns of every peer.
    rounds: usize,
}

const MIB: u64 = 1 << 20;

const FULL: Scale = Scale {
    upload_bytes: 1024 * MIB,
    sealing_bytes: 100 * MIB,
    memory_bytes: &[100 * MIB, 1024 * MIB, 4096 * MIB],
    rounds: 5,
};

/// To see that it works, not how fast.
const QUICK: Scale = Scale {
    upload_bytes: 128 * MIB,
    sealing_bytes: 32 * MIB,
    memory_bytes: &[100 * MIB, 300 * MIB],
    rounds: 2,
};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let scale = match arguments.iter().any(|argument| argument == "--quick") {
        true => QUICK,
        false => FULL,
    };
    for row in arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
    {
        match row.as_str() {
            "upload" => upload::measure(scale).await?,
            "sealing" => sealing::measure(scale).await?,
            "native" => native::measure(scale)?,
            "opening" => opening::measure(scale).await?,
            "ranges" => ranges::measure(scale).await?,
            "reading" => reading::measure(scale).await?,
            "memory" => memory::measure(scale).await?,
            _ => bail!(
                "no row is named {row}; there are upload, sealing, native, reading, ranges, opening and memory"
            ),
        }
    }
    Ok(())
}
