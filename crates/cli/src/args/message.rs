//! Which message `decrypt` and `inspect` read.

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser};

use crate::message::Place;

#[derive(Debug, clap::Args)]
pub(crate) struct Message {
    /// A file, - for stdin, or s3://bucket/key.
    #[arg(value_name = "MESSAGE", value_parser = place())]
    pub(crate) place: Place,
}

/// How an object in S3 is reached: by the standard AWS chain (environment, profile, web identity,
/// container, instance), as far as no flag says otherwise. Flags with a heading of their own come
/// after those without.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "S3")]
pub(crate) struct S3Reach {
    /// Another endpoint than AWS's for S3.
    #[arg(long, value_name = "URL")]
    pub(crate) s3_endpoint: Option<String>,

    /// This version of the object, not the newest.
    #[arg(long, value_name = "ID")]
    pub(crate) s3_version: Option<String>,

    /// Region of the bucket; that of a KMS key is in its ARN [default: as the AWS chain says].
    #[arg(long)]
    pub(crate) region: Option<String>,
}

fn place() -> ValueParser {
    ValueParser::new(OsStringValueParser::new().try_map(|text| Place::try_from(text.as_os_str())))
}
