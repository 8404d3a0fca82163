//! Writes plaintext to stdout, or to a file that gets its name only when the message is proven to be complete.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;
use zeroize::Zeroizing;

use crate::{
    args::Decrypt,
    failure::{Exit, Failure},
    message::{Location, unusable},
    terminal::{self, shown},
};

/// The most plaintext of a signed message, in bytes, that is held in memory for stdout. For more there is `--output`.
const MOST_HELD: usize = 64 * 1024 * 1024;

/// Where the plaintext goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    File { path: PathBuf, force: bool },
    Stdout,
}

impl Target {
    /// Finds out where the plaintext goes.
    ///
    /// # Errors
    /// Fails before anything is fetched if the file exists and may not be replaced.
    pub(super) fn of(args: &Decrypt) -> Result<Self, Failure> {
        let path = match &args.destination {
            Some(path) if path.as_os_str() == "-" => return Ok(Self::Stdout),
            Some(path) => path.clone(),
            None if args.message.location == Location::Stdin => return Ok(Self::Stdout),
            None => beside(&args.message.location)?,
        };
        let name = shown(&path.to_string_lossy());
        match std::fs::symlink_metadata(&path) {
            // The new file would replace a device, a pipe or a folder.
            Ok(there) if !there.is_file() && !there.is_symlink() => {
                let not_a_file = format!("{name} exists and is not a regular file");
                Err(Failure::new(Exit::Failed, not_a_file).remedy("name another one with --output"))
            }
            Ok(_) if !args.force => Err(is_there(&name)),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(unusable(&name, &error))
            }
            _ => Ok(Self::File {
                path,
                force: args.force,
            }),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            Self::Stdout => f.write_str("-"),
        }
    }
}

fn is_there(name: &str) -> Failure {
    Failure::new(Exit::Failed, format!("{name} already exists"))
        .remedy("name another file with --output, or overwrite it with --force")
        .code("exists")
}

/// Returns the default path: beside the message's file, or in the working folder for an object.
fn beside(location: &Location) -> Result<PathBuf, Failure> {
    let name = location.name().ok_or_else(|| {
        Failure::new(Exit::Usage, "the object's name cannot be a file's name")
            .remedy("name a file with --output")
    })?;
    let name = opened_name(name);
    Ok(match location {
        Location::File(path) => path.with_file_name(name),
        Location::Stdin | Location::S3(_) => name.into(),
    })
}

fn opened_name(name: OsString) -> OsString {
    let path = Path::new(&name);
    match path.file_stem() {
        Some(stem) if path.extension().is_some_and(|end| end == "sealed") => stem.to_owned(),
        _ => {
            let mut longer = name;
            longer.push(".decrypted");
            longer
        }
    }
}

/// The destination of the plaintext. If it is dropped before `keep`, no file stays.
pub(super) enum Sink {
    File {
        file: tokio::fs::File,
        /// The temporary file: in the same folder, readable for its owner only.
        unnamed: TempPath,
        path: PathBuf,
        force: bool,
    },
    /// Writes plaintext as it comes.
    Stdout,
    /// Holds all plaintext in memory and writes it in `keep`.
    HeldForStdout(Zeroizing<Vec<u8>>),
}

impl Sink {
    /// Opens the destination. With `hold`, stdout gets nothing before `keep`.
    pub(super) fn open(target: &Target, hold: bool) -> Result<Self, Failure> {
        match target {
            Target::Stdout if hold => Ok(Self::HeldForStdout(Zeroizing::default())),
            Target::Stdout => Ok(Self::Stdout),
            Target::File { path, force } => {
                let folder = match path.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() => folder,
                    _ => Path::new("."),
                };
                let file = tempfile::Builder::new()
                    .prefix(".sealift-")
                    .suffix(".part")
                    .tempfile_in(folder)
                    .map_err(|error| unusable(&shown(&folder.to_string_lossy()), &error))?;
                let (file, unnamed) = file.into_parts();
                Ok(Self::File {
                    file: tokio::fs::File::from_std(file),
                    unnamed,
                    path: path.clone(),
                    force: *force,
                })
            }
        }
    }

    pub(super) async fn write(&mut self, plaintext: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::File { file, path, .. } => file
                .write_all(plaintext)
                .await
                .with_context(|| format!("{} cannot be written", shown(&path.to_string_lossy()))),
            Self::Stdout => to_stdout(plaintext).await,
            Self::HeldForStdout(held) if held.len().saturating_add(plaintext.len()) > MOST_HELD => {
                let too_long = "the message is signed, and too long to be held back in memory until \
                                its signature is verified";
                let remedy = "give --output FILE, or --release-before-signature if you check the \
                              exit code";
                Err(Failure::new(Exit::NotAuthentic, too_long)
                    .remedy(remedy)
                    .code("over_limit")
                    .into())
            }
            Self::HeldForStdout(held) => {
                held.extend_from_slice(plaintext);
                Ok(())
            }
        }
    }

    /// Gives the file its name, or writes the held plaintext to stdout. Call it only when the whole message is proven.
    pub(super) async fn keep(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout => Ok(()),
            Self::HeldForStdout(held) => to_stdout(&held).await,
            Self::File {
                mut file,
                unnamed,
                path,
                force,
            } => {
                let name = shown(&path.to_string_lossy());
                let written = async {
                    file.flush().await?;
                    file.sync_all().await
                };
                written
                    .await
                    .with_context(|| format!("{name} cannot be written"))?;
                let kept = match force {
                    true => unnamed.persist(&path),
                    false => unnamed.persist_noclobber(&path),
                };
                kept.map_err(|refused| match refused.error.kind() {
                    std::io::ErrorKind::AlreadyExists => is_there(&name),
                    _ => unusable(&name, &refused.error),
                })?;
                Ok(())
            }
        }
    }
}

async fn to_stdout(plaintext: &[u8]) -> anyhow::Result<()> {
    let mut out = terminal::bytes();
    let written = async {
        out.write_all(plaintext).await?;
        out.flush().await
    };
    Ok(written.await.map_err(|error| terminal::unwritten(&error))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opened_name_is_without_sealed_or_with_decrypted() {
        for (name, opened) in [
            ("report.pdf.sealed", "report.pdf"),
            ("report.pdf", "report.pdf.decrypted"),
            (".sealed", ".sealed.decrypted"),
            ("abc", "abc.decrypted"),
        ] {
            assert_eq!(opened_name(name.into()), opened, "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_has_no_name_and_no_reader_before_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain");
        let target = Target::File {
            path: path.clone(),
            force: false,
        };
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut sink = Sink::open(&target, false).unwrap();
        sink.write(b"secret").await.unwrap();
        assert!(!path.exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let entry = std::fs::read_dir(folder.path()).unwrap().next().unwrap();
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        drop(sink);
        assert_eq!(files(), 0, "nothing stays");

        let mut sink = Sink::open(&target, false).unwrap();
        sink.write(b"secret").await.unwrap();
        sink.keep().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"secret");
        let second = Sink::open(&target, false).unwrap();
        assert!(second.keep().await.is_err(), "it is there already");
        assert_eq!(std::fs::read(&path).unwrap(), b"secret");
        assert_eq!(files(), 1);
    }
    #[tokio::test]
    async fn what_is_held_back_from_stdout_has_an_end() {
        let mut sink = Sink::open(&Target::Stdout, true).unwrap();
        sink.write(&vec![0; MOST_HELD]).await.unwrap();
        let refused = sink.write(b"x").await.unwrap_err().to_string();
        assert!(refused.contains("too long to be held back"), "{refused}");
    }
}
