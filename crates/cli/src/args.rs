//! The command line: one file for each command's flags.

mod access;
mod api_keys;
mod completions;
mod decrypt;
mod demo;
mod download;
mod files;
mod inspect;
mod key_sources;
mod keys;
mod man;
mod message;
mod output;
mod parsed;
mod place;
mod records;
mod serve;
mod store;
mod upload;

pub(crate) use access::Access;
use access::file_id;
pub(crate) use api_keys::{ApiKeys, MakeApiKey, RoleChoice};
pub(crate) use completions::Completions;
pub(crate) use decrypt::{Decrypt, Demands};
pub(crate) use demo::Demo;
pub(crate) use download::{AskedRange, Download};
pub(crate) use files::{
    DeleteFiles, Files, ListFiles, ShareFile, ShowFile, UnshareFile, VerifyFiles,
};
pub(crate) use inspect::Inspect;
pub(crate) use key_sources::{Deployment, KeySources};
pub(crate) use keys::{ExportKey, Keys};
pub(crate) use man::Man;
pub(crate) use message::{Message, S3Reach};
pub(crate) use output::Output;
pub(crate) use records::{NewEpoch, Records, RecordsStatus};
pub(crate) use serve::Serve;
pub(crate) use store::{MarkStore, MovedStore, Store};
pub(crate) use upload::Upload;

use clap::{Parser, Subcommand};

/// Seal a file in the browser, lift the ciphertext straight to S3, open it again anywhere the key
/// policy allows.
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

/// The table that `failure::Exit` keeps to.
const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    it failed
  2    the command line or the configuration is wrong
  3    not authentic, damaged, or refused by the policy
  4    not found
  5    not allowed: log in, or ask for the right
  6    server, store or KMS cannot be reached: try again
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server.
    ///
    /// Settings come from sealift.toml, the environment and flags; the later wins.
    #[command(after_long_help = serve::settings())]
    Serve(Serve),
    /// Try it: page, server and object store on this machine, without login.
    ///
    /// Everything listens on loopback only. The data lie in one folder and stay there for the next
    /// demo. Stop it with Ctrl-C.
    Demo(Demo),
    /// Seal files and lift the ciphertext straight to the store.
    ///
    /// Plaintext does not leave this program. Prints each file's name, id, place and size.
    #[command(after_help = upload::EXAMPLES)]
    Upload(Upload),
    /// Download a file, opened by the server, whole or not at all.
    #[command(after_help = download::EXAMPLES)]
    Download(Download),
    /// List, show, delete, verify and share your files.
    #[command(subcommand)]
    Files(Files),
    /// Open a message of the format, without a server.
    ///
    /// Any message of the AWS Encryption SDK, ours and others'. The file gets its name when all of it
    /// is proven to be whole and authentic; until then its name is a temporary one, only you can read
    /// it, and it goes when something is wrong. To stdout every frame goes as it is verified, and only
    /// exit code 0 says that it was all.
    #[command(after_help = decrypt::EXAMPLES)]
    Decrypt(Box<Decrypt>),
    /// Say what a message is; no key is needed.
    ///
    /// Suite, keys, context and sizes. Only the beginning is read, and nothing of it is proven: who
    /// can alter a message can alter what this says.
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(Inspect),
    /// Give other readers the keys that they need.
    #[command(subcommand)]
    Keys(Keys),
    /// Make API keys.
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// Look after the database.
    #[command(subcommand)]
    Records(Records),
    /// Look after the bucket.
    #[command(subcommand)]
    Store(Store),
    /// Print a shell's completions.
    #[command(after_help = completions::EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write one for every command.
    #[command(after_help = man::EXAMPLES)]
    Man(Man),
}

impl Command {
    /// Whether a program reads what comes of it: errors are JSON then, too.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Upload(upload) => upload.told.json,
            Self::Download(download) => download.told.json,
            Self::Files(files) => files.told().json,
            Self::Decrypt(decrypt) => decrypt.told.json,
            Self::Inspect(inspect) => inspect.output.json,
            Self::Keys(Keys::Export(export)) => export.told.json,
            Self::Serve(_)
            | Self::Demo(_)
            | Self::ApiKeys(_)
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

    /// All names in the environment that a command or one of its subcommands reads.
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
            // An empty value sets nothing, and the name is there nevertheless.
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
