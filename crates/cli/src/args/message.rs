//! The flags that name the message which `decrypt`, `inspect` and `keys export` read.

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser};

use crate::message::Location;

#[derive(Debug, clap::Args)]
pub(crate) struct Message {
    /// A file, - for stdin, or s3://bucket/key.
    #[arg(value_name = "MESSAGE", value_parser = location())]
    pub(crate) location: Location,
}

/// Says how to reach an object in S3. The standard AWS chain (environment, profile, web identity, container,
/// instance) supplies whatever no flag sets. The help lists these flags last, under a heading of their own.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "S3")]
pub(crate) struct S3Reach {
    /// Endpoint of S3, if it is not that of AWS.
    #[arg(long, value_name = "URL")]
    pub(crate) s3_endpoint: Option<String>,

    /// Version of the object [default: the newest].
    #[arg(long, value_name = "ID")]
    pub(crate) s3_version: Option<String>,

    /// Region of the bucket; a KMS key has its region in its ARN [default: from the AWS chain].
    #[arg(long)]
    pub(crate) region: Option<String>,
}

pub(super) fn location() -> ValueParser {
    ValueParser::new(
        OsStringValueParser::new().try_map(|text| Location::try_from(text.as_os_str())),
    )
}
