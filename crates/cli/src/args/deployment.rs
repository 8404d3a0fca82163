//! The flags that name the deployment which a command works on.

use std::path::PathBuf;

use sealift_server::config::{ConfigFile, Sources, names};

/// Says where the configuration file and the data of a deployment are.
#[derive(Debug, clap::Args)]
pub(crate) struct Deployment {
    /// Configuration file [default: sealift.toml in the working folder, if it exists].
    #[arg(
        long,
        value_name = "FILE",
        env = names::CONFIG,
        hide_env_values = true
    )]
    config: Option<PathBuf>,

    /// Folder of the database and the embedded object store [default: sealift-data].
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
}

impl Deployment {
    /// Returns the sources of the configuration: the file, the environment and the flags that were given.
    pub(crate) fn sources(&self, flags: Vec<(&'static str, Option<String>)>) -> Sources {
        Sources {
            file: match &self.config {
                Some(path) => ConfigFile::At(path.clone()),
                None => ConfigFile::InWorkingFolder,
            },
            // A variable that is not UTF-8 is none of our settings.
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
