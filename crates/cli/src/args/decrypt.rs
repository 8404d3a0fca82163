//! `sealift decrypt`.

use std::path::PathBuf;

use super::{KeySources, Message, Output, S3Reach};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift decrypt s3://bucket/KEY --kms-key ARN -o report.pdf
  sealift decrypt report.pdf.sealed --data sealift-data
  sealift decrypt m.sealed --aes-key FILE --key-namespace NS --key-name NAME
  sealift decrypt old.bin --kms-discovery --allow-without-commitment
  sealift decrypt backup.sealed --kms-key ARN -o - | tar x

Which keys open a message is what `sealift inspect` says.";

#[derive(Debug, clap::Args)]
pub(crate) struct Decrypt {
    #[command(flatten)]
    pub(crate) message: Message,

    /// Refuse a message of another size.
    #[arg(long, value_name = "BYTES")]
    pub(crate) expect_size: Option<u64>,

    /// Where the plaintext goes; - is stdout [default: the message's name without .sealed, or with
    /// .decrypted; stdout where the message comes from stdin].
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) told: Output,

    #[command(flatten)]
    pub(crate) keys: KeySources,

    #[command(flatten)]
    pub(crate) demands: Demands,

    #[command(flatten)]
    pub(crate) reach: S3Reach,
}

/// What a message must be like.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is demanded of the message")]
pub(crate) struct Demands {
    /// A pair of the encryption context that the message must have, stored in it or authenticated
    /// without being stored; may be given more than once.
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) context: Vec<(String, String)>,

    /// Open an object of a Sealift bucket also where it lies at another object key than it was sealed
    /// for: it was copied or renamed, or somebody put it there in place of another.
    #[arg(long)]
    pub(crate) allow_moved: bool,

    /// Open messages of older suites too, which do not commit to one key: who made such a message
    /// can let it say different things to the holders of different keys.
    #[arg(long)]
    pub(crate) allow_without_commitment: bool,

    /// Give a signed message to stdout as it comes, before its signature, which stands at the end, is
    /// verified. Only the exit code then says whether it was.
    #[arg(long)]
    pub(crate) release_before_signature: bool,

    /// So many encrypted data keys at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) max_data_keys: u16,

    /// So long a header at most.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024)]
    pub(crate) max_header: u32,

    /// So long an encryption context at most.
    #[arg(long, value_name = "BYTES", default_value_t = 8 * 1024)]
    pub(crate) max_context: u16,

    /// So long frames at most; one is held in memory.
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub(crate) max_frame_length: u32,

    /// So long a body without frames at most; it is held in memory.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024 * 1024)]
    pub(crate) max_unframed: u64,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("a pair is written KEY=VALUE, and neither is empty"),
    }
}
