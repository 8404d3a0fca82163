//! `sealift inspect`: what a message says of itself, without any key. None of it is proven by that.

mod report;
mod sizes;

use sealift_message::{Limits, general::Header};

use crate::{
    args::{self, Inspect},
    message::{Message, Want},
    terminal,
};
use report::Report;

/// 64 KiB: no header that keyrings write comes near.
const MOST_HEADER: u32 = 64 * 1024;

pub(crate) async fn run(args: Inspect) -> anyhow::Result<()> {
    let (header, sealed_len) = look(&args.message, &args.reach).await?;
    let report = Report::new(&args.message.place, &header, sealed_len);
    if args.output.json {
        terminal::say_json(&report)
    } else {
        terminal::say(&report.table());
        Ok(())
    }
}

/// The header of a message, of which nothing is proven, and the size of the whole where it is known.
/// Describing costs nothing: every limit but the header's own is as wide as the format.
pub(super) async fn look(
    message: &args::Message,
    reach: &args::S3Reach,
) -> anyhow::Result<(Header, Option<u64>)> {
    let want = Want::Beginning(MOST_HEADER.into());
    let mut source = Message::open(message, reach, want).await?;
    let limits = Limits::GENERAL
        .with_data_keys(u16::MAX)
        .with_context_bytes(u16::MAX)
        .with_frame_length(u32::MAX);
    let (header, _) = source.header(limits).await?;
    Ok((header, source.len))
}
