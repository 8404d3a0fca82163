//! The flags of `sealift serve`. Every flag is also a setting.

use std::net::IpAddr;

use clap::ValueEnum;
use sealift_server::config::{Sources, names::NAMES};

use super::deployment::Deployment;

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Port of the server; 0 picks a free port [default: 8080].
    #[arg(long)]
    port: Option<u16>,

    /// Address of the server [default: 127.0.0.1].
    #[arg(long, value_name = "IP")]
    bind: Option<IpAddr>,

    /// How callers log in; none works on loopback only [default: api-keys].
    #[arg(long)]
    auth: Option<AuthChoice>,

    // `help` and not a doc comment, because rustdoc would read `<data>` as HTML.
    #[arg(
        long,
        value_name = "FILE",
        help = "Key file of the local keyring, outside the data folder [default: <data>-keys/sealift.key]"
    )]
    key_file: Option<String>,

    /// Maker of new data keys [default: local; kms if KMS_KEY_ALIAS is set; kek if SEALIFT_PEPPER is set too].
    #[arg(long)]
    keyring: Option<KeyringChoice>,

    /// Id, ARN or alias of the KMS key.
    #[arg(long, value_name = "KEY")]
    kms_key: Option<String>,

    /// Bucket for the encrypted files; without one the embedded object store is used.
    #[arg(long)]
    bucket: Option<String>,

    /// Endpoint of S3 for the server, if it is not that of AWS.
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,

    /// Endpoint of S3 for browsers [default: that for the server].
    #[arg(long, value_name = "URL")]
    s3_public_endpoint: Option<String>,

    /// Loopback port of the embedded object store; 0 picks a free port [default: 8081].
    #[arg(long, value_name = "PORT")]
    s3_port: Option<u16>,

    /// Folder of the built page; without one no page is served.
    #[arg(long, value_name = "FOLDER")]
    page_dir: Option<String>,

    /// Log filter, such as info or sealift_server=debug [default: info].
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,

    /// Format of the log; auto is pretty on a terminal, otherwise json [default: auto].
    #[arg(long)]
    log_format: Option<LogChoice>,

    #[command(flatten)]
    deployment: Deployment,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AuthChoice {
    ApiKeys,
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyringChoice {
    Local,
    Kms,
    Kek,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogChoice {
    Auto,
    Pretty,
    Json,
}

impl Serve {
    pub(crate) fn sources(&self) -> Sources {
        self.deployment.sources(vec![
            ("log", self.log.clone()),
            ("log_format", self.log_format.map(written)),
            ("port", self.port.map(|port| port.to_string())),
            ("bind", self.bind.map(|ip| ip.to_string())),
            ("auth", self.auth.map(written)),
            ("key_file", self.key_file.clone()),
            ("keyring", self.keyring.map(written)),
            ("kms_key", self.kms_key.clone()),
            ("s3_bucket", self.bucket.clone()),
            ("s3_endpoint", self.s3_endpoint.clone()),
            ("s3_public_endpoint", self.s3_public_endpoint.clone()),
            ("s3_port", self.s3_port.map(|port| port.to_string())),
            ("page_dir", self.page_dir.clone()),
        ])
    }
}

/// Returns a choice as it is written in the configuration.
fn written(choice: impl ValueEnum) -> String {
    choice
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Returns the table of all settings, for `serve --help`.
pub(super) fn settings() -> String {
    let mut text = String::from("Settings, by their names in the environment and in the file:\n");
    for name in NAMES {
        let default = match name.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        text.push_str(&format!(
            "\n  {} ({})\n      {}{default}\n",
            name.env, name.key, name.about
        ));
    }
    text
}
