//! The flags of `sealift decrypt`.

use std::path::PathBuf;

use super::{KeySources, Message, Output, S3Reach};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift decrypt s3://bucket/KEY --kms-key ARN -o report.pdf
  sealift decrypt report.pdf.sealed --data sealift-data
  sealift decrypt m.sealed --aes-key FILE --key-namespace NS --key-name NAME
  sealift decrypt old.bin --kms-discovery --allow-without-commitment
  sealift decrypt backup.sealed --kms-key ARN -o - | tar x

`sealift inspect` shows which keys can decrypt a message.";

#[derive(Debug, clap::Args)]
pub(crate) struct Decrypt {
    #[command(flatten)]
    pub(crate) message: Message,

    /// Refuse a message that does not have exactly this size.
    #[arg(long, value_name = "BYTES")]
    pub(crate) expect_size: Option<u64>,

    /// File for the plaintext; - is stdout [default: the message's name without .sealed, or with
    /// .decrypted added; stdout if the message comes from stdin].
    #[arg(id = "output", long = "output", short = 'o', value_name = "FILE")]
    pub(crate) destination: Option<PathBuf>,

    /// Overwrite an existing file.
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) keys: KeySources,

    #[command(flatten)]
    pub(crate) demands: Demands,

    #[command(flatten)]
    pub(crate) reach: S3Reach,
}

/// The requirements that a message must meet.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Requirements for the message")]
pub(crate) struct Demands {
    /// Pair that the encryption context must have, either stored in the message or only
    /// authenticated; may be given more than once.
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) context: Vec<(String, String)>,

    /// Accept an object of a Sealift bucket whose object key is not the one that it was encrypted
    /// for: it was copied or renamed, or somebody put it in the place of another object.
    #[arg(long)]
    pub(crate) allow_moved: bool,

    /// Accept older suites, which do not commit to one key: the writer of such a message can make it
    /// decrypt to different plaintexts under different keys.
    #[arg(long)]
    pub(crate) allow_without_commitment: bool,

    /// Write a signed message to stdout before its signature is verified, because the signature is
    /// at the end. Then only the exit code says whether the signature was right.
    #[arg(long)]
    pub(crate) release_before_signature: bool,

    /// Most encrypted data keys to accept.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) max_data_keys: u16,

    /// Longest header to accept.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024)]
    pub(crate) max_header: u32,

    /// Longest encryption context to accept.
    #[arg(long, value_name = "BYTES", default_value_t = 8 * 1024)]
    pub(crate) max_context: u16,

    /// Longest frames to accept; one frame is held in memory.
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub(crate) max_frame_length: u32,

    /// Longest body without frames to accept; the body is held in memory.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024 * 1024)]
    pub(crate) max_unframed: u64,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("write the pair as KEY=VALUE; neither may be empty"),
    }
}
