//! Where plaintext goes: into a file that gets its name when all of it is proven, or to stdout.

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
    message::{Place, unusable},
    terminal::{self, shown},
};

/// Plaintext of a signed message that stdout waits for: more would be a file, and that has a flag.
const MOST_HELD: usize = 64 * 1024 * 1024;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    File { path: PathBuf, force: bool },
    Stdout,
}

impl Target {
    /// Refuses a file that is there before anything is fetched.
    pub(super) fn of(args: &Decrypt) -> Result<Self, Failure> {
        let path = match &args.output {
            Some(path) if path.as_os_str() == "-" => return Ok(Self::Stdout),
            Some(path) => path.clone(),
            None if args.message.place == Place::Stdin => return Ok(Self::Stdout),
            None => beside(&args.message.place)?,
        };
        let name = shown(&path.to_string_lossy());
        match std::fs::symlink_metadata(&path) {
            // Its name would be taken from a device, a pipe or a folder.
            Ok(there) if !there.is_file() && !there.is_symlink() => {
                let not_a_file = format!("{name} is there and is not a regular file");
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
    Failure::new(Exit::Failed, format!("{name} is there already"))
        .remedy("name another file with --output, or write over it with --force")
        .code("exists")
}

/// Beside the message's file, or in the working folder for an object.
fn beside(place: &Place) -> Result<PathBuf, Failure> {
    let name = place.name().ok_or_else(|| {
        Failure::new(Exit::Usage, "the object's name is no name for a file")
            .remedy("name one with --output")
    })?;
    let name = opened_name(name);
    Ok(match place {
        Place::File(path) => path.with_file_name(name),
        Place::Stdin | Place::S3(_) => name.into(),
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

/// What is written to. Dropped before `keep`, it leaves no file.
pub(super) enum Sink {
    File {
        file: tokio::fs::File,
        /// In the same folder, for its owner only.
        unnamed: TempPath,
        path: PathBuf,
        force: bool,
    },
    /// As it comes.
    Stdout,
    /// All at the end.
    HeldForStdout(Zeroizing<Vec<u8>>),
}

impl Sink {
    /// `hold`: stdout gets nothing before `keep`.
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
                let remedy = "give --output FILE, or --release-before-signature if the exit code is \
                              heeded";
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

    /// All of it is proven: the file gets its name.
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
