//! Which deployment a command is about.

use std::path::PathBuf;

use sealift_server::config::{ConfigFile, Sources, names};

/// Where the deployment's file and data are.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The configuration file [default: sealift.toml in the working folder, if there].
    #[arg(
        long,
        value_name = "FILE",
        env = names::CONFIG,
        hide_env_values = true
    )]
    config: Option<PathBuf>,

    /// Folder of database and embedded object store [default: sealift-data].
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
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
