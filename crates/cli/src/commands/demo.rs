//! `sealift demo`: all of it on this machine, to be tried in a browser.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use sealift_server::{
    Config, Server,
    config::{ConfigFile, Sources},
    telemetry,
};

use super::stop::Stop;
use crate::{args::Demo, failure, terminal};

pub(crate) async fn run(args: Demo) -> anyhow::Result<()> {
    page_is_built(&args)?;
    let folder = DemoFolder::at(&args.data)?;
    if args.fresh {
        folder.empty()?;
    }
    let config = Config::load(&sources(&args, &folder)?)?;
    telemetry::init(&config.log)?;
    let server = Server::start(config)
        .await
        .map_err(|error| failure::to_start(error.into(), args.port))?;
    let mut stop = Stop::listen()?;
    terminal::say(&ready(&args, server.address().port()));

    stop.asked().await;
    terminal::note("Stopping: running requests may finish, open uploads can be resumed.");
    stop.impatiently();
    server.shutdown().await;
    if args.drop {
        folder.empty()?;
    }
    Ok(())
}

fn ready(args: &Demo, port: u16) -> String {
    // A name, not a number: browsers treat both as secure, people remember one.
    let address = format!("http://localhost:{port}/");
    let page = match args.page_dir {
        Some(_) => format!("Open this in a browser: {address}"),
        None => format!("The API is at {address} (no page: give its folder with --page-dir)"),
    };
    let kept = match args.drop {
        true => "are dropped at the end",
        false => "stay there for the next demo (--fresh begins empty)",
    };
    format!(
        "\n  Sealift is ready.\n  {page}\n\n  Data and keys lie in {} and {kept}.\n  Ctrl-C stops it.\n",
        args.data.display()
    )
}

fn page_is_built(args: &Demo) -> anyhow::Result<()> {
    match &args.page_dir {
        Some(folder) if !folder.join("index.html").is_file() => bail!(
            "{} holds no built page (index.html); build it with `trunk build`, or give another \
             folder with --page-dir",
            folder.display()
        ),
        _ => Ok(()),
    }
}

/// Flags only: a demo must not pick up the bucket or the key of somebody's environment.
fn sources(args: &Demo, folder: &DemoFolder) -> anyhow::Result<Sources> {
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .with_context(|| format!("{} is not UTF-8; choose another folder", path.display()))
    };
    let mut flags = vec![
        ("auth", "none".to_owned()),
        ("bind", "127.0.0.1".to_owned()),
        ("keyring", "local".to_owned()),
        ("store", "embedded".to_owned()),
        ("data_dir", text(&folder.path.join(DATA))?),
        (
            "key_file",
            text(&folder.path.join(KEYS).join("sealift.key"))?,
        ),
        ("port", args.port.to_string()),
        ("s3_port", args.s3_port.to_string()),
        ("log", args.log.clone()),
    ];
    if let Some(page_dir) = &args.page_dir {
        flags.push(("page_dir", text(page_dir)?));
    }
    Ok(Sources {
        file: ConfigFile::None,
        environment: std::collections::BTreeMap::new(),
        flags,
    })
}

/// The one folder: data and keys each in a folder of its own, for a key file may not lie in the
/// data it protects.
struct DemoFolder {
    path: PathBuf,
    /// Locked while the demo runs: nobody else may empty the folder then.
    _mark: fs::File,
}

const DATA: &str = "data";
const KEYS: &str = "keys";
/// Marks a folder whose content a demo made and may delete.
const MARK: &str = "made-by-sealift-demo";

impl DemoFolder {
    /// Makes or reuses it. A folder that holds something else is left alone.
    fn at(path: &Path) -> anyhow::Result<Self> {
        let unusable = || format!("the folder {} cannot be used", path.display());
        if !path.join(MARK).is_file() {
            fs::create_dir_all(path).with_context(unusable)?;
            if fs::read_dir(path).with_context(unusable)?.next().is_some() {
                bail!(
                    "the folder {} holds something that no demo made; choose an empty one with --data",
                    path.display()
                );
            }
            let why = "`sealift demo --fresh` deletes what lies beside this file.\n";
            fs::write(path.join(MARK), why).with_context(unusable)?;
        }
        let mark = fs::File::open(path.join(MARK)).with_context(unusable)?;
        if let Err(fs::TryLockError::WouldBlock) = mark.try_lock() {
            bail!(
                "another demo uses the folder {}; stop it, or choose another folder with --data",
                path.display()
            );
        }
        Ok(Self {
            path: path.to_owned(),
            _mark: mark,
        })
    }

    /// Deletes data and keys, and nothing else.
    fn empty(&self) -> anyhow::Result<()> {
        for part in [DATA, KEYS] {
            match fs::remove_dir_all(self.path.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| {
                        format!("the old data in {} cannot be dropped", self.path.display())
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_somebodys_files_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(DATA)).unwrap();
        assert!(DemoFolder::at(folder.path()).is_err());
        assert!(folder.path().join(DATA).is_dir());
    }

    #[test]
    fn beginning_empty_drops_data_and_keys_only() {
        let folder = tempfile::tempdir().unwrap();
        let demo = DemoFolder::at(folder.path()).unwrap();
        for part in [DATA, KEYS, "notes"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        demo.empty().unwrap();
        demo.empty().unwrap();
        assert!(!folder.path().join(DATA).exists());
        assert!(!folder.path().join(KEYS).exists());
        assert!(folder.path().join("notes").is_dir());
        assert!(DemoFolder::at(folder.path()).is_err(), "it is in use");
        drop(demo);
        DemoFolder::at(folder.path()).unwrap();
    }
}
