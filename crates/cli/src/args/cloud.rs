//! The flags that name the bucket and the KMS key of a deployment, for commands that work on them without a server.

use sealift_server::config::Sources;

use super::deployment::Deployment;

/// Says where the files of a deployment are in the cloud. Every flag is also a setting of the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Cloud {
    /// Bucket for the encrypted files.
    #[arg(long)]
    bucket: Option<String>,

    /// Prefix of all objects in the bucket [default: sealift].
    #[arg(long)]
    prefix: Option<String>,

    /// AWS region of the bucket and the KMS key.
    #[arg(long)]
    region: Option<String>,

    /// Alias, id or ARN of the KMS key.
    #[arg(long, value_name = "KEY")]
    kms_key: Option<String>,

    // `help` and not a doc comment, because rustdoc would demand a link.
    #[arg(
        long,
        value_name = "URLS",
        help = "Address at which browsers open the page, such as https://files.example.com; separate several by commas"
    )]
    page_origins: Option<String>,

    #[command(flatten)]
    deployment: Deployment,
}

impl Cloud {
    pub(crate) fn sources(&self) -> Sources {
        self.deployment.sources(vec![
            ("s3_bucket", self.bucket.clone()),
            ("prefix", self.prefix.clone()),
            ("region", self.region.clone()),
            ("kms_key", self.kms_key.clone()),
            ("page_origins", self.page_origins.clone()),
        ])
    }
}
