//! The command line. Each command's flags are in a file of their own.

mod access;
mod api_keys;
mod bootstrap;
mod cloud;
mod completions;
mod decrypt;
mod demo;
mod deployment;
mod doctor;
mod download;
mod files;
mod inspect;
mod key_sources;
mod keys;
mod man;
mod message;
mod output;
mod parsed;
mod policy;
mod records;
mod serve;
mod store;
mod upload;

pub(crate) use access::Access;
use access::file_id;
pub(crate) use api_keys::{ApiKeys, ListApiKeys, MakeApiKey, RevokeApiKey};
pub(crate) use bootstrap::Bootstrap;
pub(crate) use completions::Completions;
pub(crate) use decrypt::{Decrypt, Demands};
pub(crate) use demo::Demo;
pub(crate) use doctor::Doctor;
pub(crate) use download::{AskedRange, Download};
pub(crate) use files::{
    ChangeLink, DeleteFiles, Files, ListFiles, ListLinks, ResealFiles, ShareFile, ShowFile,
    UnshareFile, VerifyFiles,
};
pub(crate) use inspect::Inspect;
pub(crate) use key_sources::{Deployment, KeySources};
pub(crate) use keys::{ExportKey, Keys, ListKeys, MakePepper, RewrapKeys, RotateKeys, ShredKeys};
pub(crate) use man::Man;
pub(crate) use message::{Message, S3Reach};
pub(crate) use output::Output;
pub(crate) use policy::{AwsPolicy, Policy, PolicyFormat, PrincipalChoice};
pub(crate) use records::{NewEpoch, Records, RecordsStatus};
pub(crate) use serve::Serve;
pub(crate) use store::{MarkStore, MovedStore, Store};
pub(crate) use upload::Upload;

use clap::{Parser, Subcommand};

/// Encrypt files in the browser or here, send the ciphertext straight to S3, and decrypt it wherever
/// the key policy allows.
#[derive(Debug, Parser)]
#[command(
    name = "sealift",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The exit codes of `failure::Exit`, for the help.
const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    failed for another reason
  2    the command line or the configuration is wrong
  3    not authentic, damaged, or refused by the policy
  4    not found
  5    not allowed: log in, or ask for permission
  6    server, store or KMS cannot be reached or is busy: try again
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server.
    ///
    /// Settings come from sealift.toml, from the environment and from flags. Flags override the
    /// environment, and the environment overrides the file.
    #[command(after_long_help = serve::settings())]
    Serve(Serve),
    /// Try Sealift: page, server and object store on this machine, without login.
    ///
    /// Everything listens on the loopback address only. All data are in one folder and stay there for
    /// the next demo. Ctrl-C stops the demo.
    Demo(Demo),
    /// Create the bucket and the KMS key of a deployment in AWS, with all their settings.
    ///
    /// Looks at what is there, and shows one line for each step. With --yes it creates what is missing. It changes
    /// nothing that is there, except that it turns the yearly rotation of the KMS key on, so it may be repeated: what
    /// is there but not enough is left to you, with a sentence that says what to change. Credentials come from the
    /// standard AWS chain.
    #[command(after_help = bootstrap::EXAMPLES)]
    Bootstrap(Bootstrap),
    /// Print the policies that let a server and other programs use the bucket and the KMS key.
    #[command(subcommand)]
    Policy(Policy),
    /// Check the settings, keys, database and store of a deployment, and say what mends them.
    ///
    /// Takes the settings of `sealift serve`. Every check prints one entry: ok, warning, failed, or - if it does not
    /// apply. The exit code is 0 if nothing failed. Nothing that is there is changed, and the objects that the
    /// checks put into the store are removed again.
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Encrypt files and send the ciphertext straight to the store.
    ///
    /// Plaintext does not leave this program. Prints the name, the id, the address in S3 and the size
    /// of each file.
    #[command(after_help = upload::EXAMPLES)]
    Upload(Upload),
    /// Download a file, decrypted by the server; it appears only when it is complete.
    #[command(after_help = download::EXAMPLES)]
    Download(Download),
    /// List, show, delete, verify, reseal and share files.
    #[command(subcommand)]
    Files(Files),
    /// Decrypt a message without a server.
    ///
    /// Reads any message of the AWS Encryption SDK, written by Sealift or by others. The plaintext goes
    /// into a temporary file that only you can read. The file gets its name when the whole message is
    /// proven to be complete and authentic, and is deleted if anything is wrong. Stdout gets each frame
    /// as soon as it is verified; only exit code 0 says that the message was complete.
    #[command(after_help = decrypt::EXAMPLES)]
    Decrypt(Box<Decrypt>),
    /// Describe a message; no key is needed.
    ///
    /// Shows the suite, keys, encryption context and sizes. Only the beginning of the message is read,
    /// and nothing is verified: anyone who can change the message can change what this shows.
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(Inspect),
    /// Make, list, move and export the keys of a deployment.
    #[command(subcommand)]
    Keys(Keys),
    /// Make, list and revoke API keys.
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// Maintain the database.
    #[command(subcommand)]
    Records(Records),
    /// Maintain the bucket.
    #[command(subcommand)]
    Store(Store),
    /// Print the completions for a shell.
    #[command(after_help = completions::EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write one for every command.
    #[command(after_help = man::EXAMPLES)]
    Man(Man),
}

impl Command {
    /// Returns whether the result is to be JSON; then errors are JSON, too.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Doctor(doctor) => doctor.json,
            Self::Upload(upload) => upload.output.json,
            Self::Download(download) => download.output.json,
            Self::Files(files) => files.output().json,
            Self::Decrypt(decrypt) => decrypt.output.json,
            Self::Inspect(inspect) => inspect.output.json,
            Self::Keys(Keys::Export(export)) => export.output.json,
            Self::Keys(Keys::List(list)) => list.output.json,
            Self::Keys(Keys::Rewrap(rewrap)) => rewrap.output.json,
            Self::ApiKeys(ApiKeys::List(list)) => list.output.json,
            Self::Bootstrap(bootstrap) => bootstrap.output.json,
            Self::Serve(_)
            | Self::Demo(_)
            | Self::Policy(_)
            | Self::Keys(Keys::MakePepper(_) | Keys::Rotate(_) | Keys::Shred(_))
            | Self::ApiKeys(ApiKeys::Make(_) | ApiKeys::Revoke(_))
            | Self::Records(_)
            | Self::Store(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use sealift_server::{
        Config,
        config::{ConfigFile, Sources, names},
    };

    use super::*;

    /// Collects the names of all environment variables that a command or one of its subcommands reads.
    fn names_read(command: &clap::Command, read: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let name = argument.get_env().and_then(|name| name.to_str());
            read.extend(name.map(str::to_owned));
        }
        for subcommand in command.get_subcommands() {
            names_read(subcommand, read);
        }
    }

    #[test]
    fn no_name_that_a_command_reads_is_an_unknown_setting_of_the_server() {
        let mut read = vec![names::API_KEY.to_owned(), "SEALIFT_TEST_SEALIFT".to_owned()];
        names_read(&Args::command(), &mut read);
        assert!(read.iter().any(|name| name == "SEALIFT_SERVER"), "{read:?}");
        let typo = "SEALIFT_SERVERS".to_owned();
        let sources = |read: &[String]| Sources {
            file: ConfigFile::None,
            // An empty value sets nothing, but the name is present.
            environment: read
                .iter()
                .map(|name| (name.clone(), String::new()))
                .collect(),
            flags: Vec::new(),
        };
        let unknown = |read: &[String]| Config::load(&sources(read)).unwrap().unknown_names;
        assert_eq!(unknown(&read), Vec::<String>::new());
        assert_eq!(unknown(&[read, vec![typo.clone()]].concat()), [typo]);
    }
}
