//! The flags of `sealift policy`.

use clap::{Subcommand, ValueEnum};

use super::cloud::Cloud;

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift policy aws --bucket acme-files --kms-key alias/sealift --principal server > server.json
  sealift policy aws --bucket acme-files --kms-key alias/sealift --format cloudformation";

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Print the IAM policies for a bucket and a KMS key of AWS.
    ///
    /// A server has one set of credentials today, so give it the policy `server`. The policies `signer` and
    /// `control` are its two parts, for a review. With one --principal its policy is printed as IAM takes it,
    /// otherwise all policies by their names.
    #[command(after_help = EXAMPLES)]
    Aws(AwsPolicy),
}

#[derive(Debug, clap::Args)]
pub(crate) struct AwsPolicy {
    /// Principal that gets the policy; repeat the flag for several [default: all; in a template server and reader].
    #[arg(long, value_name = "PRINCIPAL")]
    pub(crate) principal: Vec<PrincipalChoice>,

    /// Form of the output.
    #[arg(long, default_value = "json")]
    pub(crate) format: PolicyFormat,

    /// ARN of a KMS key that still opens older files or key rows; repeat the flag for several.
    #[arg(long, value_name = "ARN")]
    pub(crate) old_kms_key: Vec<String>,

    #[command(flatten)]
    pub(crate) cloud: Cloud,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrincipalChoice {
    /// The server.
    Server,
    /// Only the signing of the PUTs that clients send.
    Signer,
    /// The server without that.
    Control,
    /// A program that decrypts without a server, such as sealift decrypt.
    Reader,
    /// The KMS key itself: its own policy.
    Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    /// Policies.
    Json,
    /// A template that makes bucket, KMS key and roles.
    Cloudformation,
}
