//! The command line.

use std::{net::IpAddr, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use sealift_server::{
    OwnerId, TenantId,
    config::{ConfigFile, Sources, names::NAMES},
};

/// Seal a file in the browser, lift the ciphertext straight to S3, open it again anywhere the key
/// policy allows.
#[derive(Debug, Parser)]
#[command(
    name = "sealift",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server.
    ///
    /// Settings come from sealift.toml, the environment and flags; the later wins.
    #[command(after_long_help = settings())]
    Serve(Serve),
    /// Try it: page, server and object store on this machine, without login.
    ///
    /// Everything listens on loopback only. The data lie in one folder and stay there for the next
    /// demo. Stop it with Ctrl-C.
    Demo(Demo),
    /// Make API keys.
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// Look after the database.
    #[command(subcommand)]
    Records(Records),
    /// Look after the bucket.
    #[command(subcommand)]
    Store(Store),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Port of the server; 0 takes any free one [default: 8080].
    #[arg(long)]
    port: Option<u16>,

    /// Address of the server [default: 127.0.0.1].
    #[arg(long, value_name = "IP")]
    bind: Option<IpAddr>,

    /// Who may ask; none works on loopback only [default: api-keys].
    #[arg(long)]
    auth: Option<AuthChoice>,

    // Not a doc comment, which would be HTML.
    #[arg(
        long,
        value_name = "FILE",
        help = "The local keyring's key file, outside the data folder [default: <data>-keys/sealift.key]"
    )]
    key_file: Option<String>,

    /// Where data keys come from [default: kms where KMS_KEY_ALIAS is set, else local].
    #[arg(long)]
    keyring: Option<KeyringChoice>,

    /// Id, ARN or alias of the KMS key.
    #[arg(long, value_name = "KEY")]
    kms_key: Option<String>,

    /// Bucket for sealed files; without one the embedded object store is used.
    #[arg(long)]
    bucket: Option<String>,

    /// Another endpoint than AWS's for S3, as the server reaches it.
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,

    /// The same as browsers reach it [default: the S3 endpoint].
    #[arg(long, value_name = "URL")]
    s3_public_endpoint: Option<String>,

    /// Loopback port of the embedded object store; 0 takes any free one [default: 8081].
    #[arg(long, value_name = "PORT")]
    s3_port: Option<u16>,

    /// Folder of the built page; without one no page is served.
    #[arg(long, value_name = "FOLDER")]
    page_dir: Option<String>,

    /// What to log, such as info or sealift_server=debug [default: info].
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,

    /// For people, for machines, or by where it goes [default: auto].
    #[arg(long)]
    log_format: Option<LogChoice>,

    #[command(flatten)]
    place: Place,
}

/// Where the deployment's file and data are.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The configuration file [default: sealift.toml in the working folder, if there].
    #[arg(
        long,
        value_name = "FILE",
        env = "SEALIFT_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,

    /// Folder of database and embedded object store [default: sealift-data].
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// The one folder for all data of the demo.
    #[arg(long, value_name = "FOLDER", default_value = "sealift-demo-data")]
    pub(crate) data: PathBuf,

    /// Begin empty: drop what earlier demos left in the folder.
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Drop the data when the demo ends.
    #[arg(long)]
    pub(crate) drop: bool,

    /// Port of page and server; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,

    /// Port of the embedded object store; 0 takes any free one.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) s3_port: u16,

    /// Folder of the built page.
    #[arg(
        long,
        value_name = "FOLDER",
        env = "SEALIFT_PAGE_DIR",
        hide_env_values = true
    )]
    pub(crate) page_dir: Option<PathBuf>,

    /// What to log, such as info or sealift_server=debug.
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeys {
    /// Make an API key and print it, this once: only its hash is kept.
    Make(MakeApiKey),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MakeApiKey {
    /// Whose keys, limits and records are kept apart: 1 to 64 of a-z, 0-9, '-' and '_'.
    #[arg(long)]
    pub(crate) tenant: TenantId,

    /// Whose files they are, within the tenant: 1 to 64 of a-z, 0-9, '-' and '_'.
    #[arg(long)]
    pub(crate) owner: OwnerId,

    /// What the key may do; give it more than once for more than one.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    pub(crate) roles: Vec<RoleChoice>,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// After a restore from a backup: end the uploads that are open.
    ///
    /// Do it before the server starts again, also after a failover that may have lost commits. What
    /// was signed since the backup is not in the restored database; so nothing more is signed for
    /// the uploads that it takes for open, and the next sweep aborts them. Their files must be sent
    /// anew. Complete files stay.
    NewEpoch(NewEpoch),
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewEpoch {
    /// Do it; without this it only says what it would do.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Mark the configured prefix of the bucket as this deployment's alone.
    ///
    /// From then on the server's sweeper removes what lies there, is older than 31 days and has no
    /// record; it reports it in the log a day before. Without the mark it only reports. The embedded
    /// object store is marked when it is made.
    Mark(MarkStore),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MarkStore {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleChoice {
    /// Seal files.
    Upload,
    /// Open them again.
    Download,
    /// Both, and what only an operator should.
    Admin,
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
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogChoice {
    Auto,
    Pretty,
    Json,
}

impl Place {
    /// File, environment and the flags that were given.
    pub(crate) fn sources(&self, flags: Vec<(&'static str, Option<String>)>) -> Sources {
        Sources {
            file: match &self.config {
                Some(path) => ConfigFile::At(path.clone()),
                None => ConfigFile::InWorkingFolder,
            },
            // Names that are not UTF-8 are none of ours.
            environment: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            flags: flags
                .into_iter()
                .chain([("data_dir", self.data.clone())])
                .filter_map(|(key, value)| Some((key, value?)))
                .collect(),
        }
    }
}

impl Serve {
    pub(crate) fn sources(&self) -> Sources {
        self.place.sources(vec![
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

/// A choice as the configuration writes it.
fn written(choice: impl ValueEnum) -> String {
    choice
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The table of all settings, for `serve --help`.
fn settings() -> String {
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
