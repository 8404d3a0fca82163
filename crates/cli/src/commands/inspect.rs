//! `sealift inspect`: what a message says of itself, without any key. None of it is proven by that.

mod report;
mod sizes;

use sealift_message::{
    DecryptError, Limits,
    general::{Header, HeaderRead, HeaderReader},
};

use crate::{
    args::{self, Inspect},
    failure::message,
    message::{Message, Want},
    terminal,
};
use report::Report;

/// 64 KiB: no header that keyrings write comes near.
const MOST_HEADER: u32 = 64 * 1024;

pub(crate) async fn run(args: Inspect) -> anyhow::Result<()> {
    let mut source = beginning(&args.message, &args.reach).await?;
    let header = read_header(&mut source).await?;
    let report = Report::new(&args.message.place, &header, source.len);
    if args.output.json {
        terminal::say_json(&report)
    } else {
        terminal::say(&report.table());
        Ok(())
    }
}

/// The header of a message, of which nothing is proven.
pub(super) async fn header_of(
    message: &args::Message,
    reach: &args::S3Reach,
) -> anyhow::Result<Header> {
    read_header(&mut beginning(message, reach).await?).await
}

async fn beginning(message: &args::Message, reach: &args::S3Reach) -> anyhow::Result<Message> {
    let want = Want::Beginning(MOST_HEADER.into());
    Message::open(message, reach, want).await
}

/// Describing costs nothing: every limit but the header's own is as wide as the format.
async fn read_header(source: &mut Message) -> anyhow::Result<Header> {
    let limits = Limits::GENERAL
        .with_data_keys(u16::MAX)
        .with_context_bytes(u16::MAX)
        .with_frame_length(u32::MAX);
    let mut reader = HeaderReader::new(limits);
    loop {
        let Some(bytes) = source.next().await? else {
            return Err(message::refused(&DecryptError::Truncated).into());
        };
        match reader
            .push(&bytes)
            .map_err(|error| message::refused(&error))?
        {
            HeaderRead::More(more) => reader = more,
            HeaderRead::Done { header, .. } => return Ok(*header),
        }
    }
}
