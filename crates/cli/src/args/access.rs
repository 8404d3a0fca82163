//! The flags for the server's address and the API key. Every command that calls a server flattens them in.

use std::path::PathBuf;

use sealift_server::config::names;
use sealift_transfer::api::FileId;

/// Names the server and the file with the API key. The key itself is never on the command line, because every
/// process of the machine can read that.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The server")]
pub(crate) struct Access {
    /// Address of the server: https://, or http:// for this machine.
    #[arg(
        long,
        value_name = "URL",
        env = names::SERVER,
        hide_env_values = true,
        default_value = "http://localhost:8080"
    )]
    pub(crate) server: String,

    /// File with the API key [default: the key in SEALIFT_API_KEY].
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// Parses a file id as the lists show it.
pub(super) fn file_id(text: &str) -> Result<FileId, &'static str> {
    text.parse().map_err(|_| match text {
        link if link.contains('#') => {
            "this is a share link, not a file id: open it in a browser, where it works once"
        }
        address if address.contains("/files/") => {
            "give only the id of the file, without the address around it"
        }
        _ => "this is not a file id; `sealift files list` shows the ids",
    })
}
