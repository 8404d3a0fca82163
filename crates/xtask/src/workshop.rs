//! The folders of a run: the checkout, the target folder, the cache of tools, the logs.

use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folders that every command works with.
pub(crate) struct Workshop {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Tools and virtual environments, shared by all checkouts and kept by `cargo clean`.
    pub(crate) cache: PathBuf,
    /// Whether to show the output of tools as it comes.
    pub(crate) verbose: bool,
}

impl Workshop {
    pub(crate) fn open(verbose: bool) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .ok_or_else(|| anyhow!("the checkout's folder is not above crates/xtask"))?
            .to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| root.join(folder));
        let cache = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
            .ok_or_else(|| {
                anyhow!(
                    "neither XDG_CACHE_HOME nor HOME is set; set one, the tools are kept below it"
                )
            })?
            .join("sealift");
        Ok(Self {
            root,
            target,
            cache,
            verbose,
        })
    }

    /// Returns the path of the log file for the step `name`.
    pub(crate) fn log_path(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("xtask-logs");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let plain: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Ok(folder.join(format!("{plain}.log")))
    }

    /// Returns the version of a crate in Cargo.lock. A tool that must fit a library takes its version from there.
    pub(crate) fn locked_version(&self, crate_name: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let lock =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name_line = format!("name = \"{crate_name}\"");
        lock.lines()
            .skip_while(|line| *line != name_line)
            .nth(1)
            .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
            .map(str::to_owned)
            .ok_or_else(|| anyhow!("Cargo.lock does not have the crate {crate_name}"))
    }
}
