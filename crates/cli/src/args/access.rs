//! Which server, and as whom; flattened into every command that asks one.

use std::path::PathBuf;

use sealift_server::config::names;
use sealift_transfer::api::FileId;

/// The API key is never on the command line, where every process of the machine reads it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The server")]
pub(crate) struct Access {
    /// Its address: https://, or http:// on this machine.
    #[arg(
        long,
        value_name = "URL",
        env = names::SERVER,
        hide_env_values = true,
        default_value = "http://localhost:8080"
    )]
    pub(crate) server: String,

    /// File with the API key [default: what SEALIFT_API_KEY in the environment says].
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// An id, as the lists show it.
pub(super) fn file_id(text: &str) -> Result<FileId, &'static str> {
    text.parse().map_err(|_| match text {
        link if link.contains('#') => {
            "this is a link that was shared: open it in a browser, where it works once"
        }
        address if address.contains("/files/") => {
            "give the id alone, without the address around it"
        }
        _ => "this is no file's id; `sealift files list` shows them",
    })
}
