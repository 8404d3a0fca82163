//! `sealift inspect`: describes a message by its header, without any key. Nothing in the description is verified.

mod report;
mod sizes;

use sealift_message::{DecryptError, Limits, Unsupported, general::Header};

use crate::{
    args::{self, Inspect},
    failure::{Exit, Failure, message::refused},
    message::{Location, Message, Want},
    terminal,
};
use report::Report;

/// The longest header that is read: 64 KiB, as in [`Limits::GENERAL`]. Headers that keyrings write are far shorter.
const MOST_HEADER: u32 = 64 * 1024;

pub(crate) async fn run(args: Inspect) -> anyhow::Result<()> {
    let (header, sealed_len) = look(&args.message.location, &args.reach).await?;
    let report = Report::new(&args.message.location, &header, sealed_len);
    if args.output.json {
        terminal::say_json(&report)
    } else {
        Ok(terminal::say(&report.table())?)
    }
}

/// Returns the unverified header of a message, and the size of the message if it is known. Every limit except that of
/// the header is as wide as the format allows, because a description costs nothing.
pub(super) async fn look(
    location: &Location,
    reach: &args::S3Reach,
) -> anyhow::Result<(Header, Option<u64>)> {
    // The extra byte shows that the header is longer, and that the message was not cut short.
    let want = Want::Beginning(u64::from(MOST_HEADER) + 1);
    let mut source = Message::open(location, reach, want).await?;
    let limits = Limits::GENERAL
        .with_data_keys(u16::MAX)
        .with_context_bytes(u16::MAX)
        .with_frame_length(u32::MAX);
    let read = source.read_header(limits).await?;
    let (header, _) = read.map_err(|error| match error {
        DecryptError::Unsupported(Unsupported::OverLimit { .. }) => {
            let longer = format!("the header is longer than {MOST_HEADER} bytes");
            Failure::new(Exit::NotAuthentic, longer)
                .remedy("`sealift inspect` reads no more; `sealift decrypt` has --max-header")
                .code("over_limit")
        }
        other => refused(&other),
    })?;
    Ok((header, source.len))
}
