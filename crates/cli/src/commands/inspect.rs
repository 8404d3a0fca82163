//! `sealift inspect`: what a message says of itself, without any key. None of it is proven by that.

mod report;
mod sizes;

use sealift_message::{DecryptError, Limits, Unsupported, general::Header};

use crate::{
    args::{self, Inspect},
    failure::{Exit, Failure, message::refused},
    message::{Message, Want},
    terminal,
};
use report::Report;

/// 64 KiB, as [`Limits::GENERAL`]: no header that keyrings write comes near.
const MOST_HEADER: u32 = 64 * 1024;

pub(crate) async fn run(args: Inspect) -> anyhow::Result<()> {
    let (header, sealed_len) = look(&args.message, &args.reach).await?;
    let report = Report::new(&args.message.place, &header, sealed_len);
    if args.output.json {
        terminal::say_json(&report)
    } else {
        Ok(terminal::say(&report.table())?)
    }
}

/// The header of a message, of which nothing is proven, and the size of the whole where it is known.
/// Describing costs nothing: every limit but the header's own is as wide as the format.
pub(super) async fn look(
    message: &args::Message,
    reach: &args::S3Reach,
) -> anyhow::Result<(Header, Option<u64>)> {
    // One byte more says that the header is longer, and not the message cut short.
    let want = Want::Beginning(u64::from(MOST_HEADER) + 1);
    let mut source = Message::open(message, reach, want).await?;
    let limits = Limits::GENERAL
        .with_data_keys(u16::MAX)
        .with_context_bytes(u16::MAX)
        .with_frame_length(u32::MAX);
    let read = source.read_header(limits).await?;
    let (header, _) = read.map_err(|error| match error {
        DecryptError::Unsupported(Unsupported::OverLimit { .. }) => {
            let longer = format!("the header is longer than {MOST_HEADER} bytes");
            Failure::new(Exit::NotAuthentic, longer)
                .remedy("no more of it is read here; `sealift decrypt` has --max-header")
                .code("over_limit")
        }
        other => refused(&other),
    })?;
    Ok((header, source.len))
}
