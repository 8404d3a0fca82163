//! Which files, under which names.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use walkdir::WalkDir;

use crate::{
    args::Upload,
    failure::{Exit, Failure},
    terminal::shown,
};

/// One file to be sent.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) input: Input,
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    /// In bytes, where it is known before.
    pub(super) len: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Input {
    File(PathBuf),
    Stdin,
    /// What is in a folder and cannot be looked into. The others are uploaded.
    Unreadable(io::ErrorKind),
}

pub(super) fn chosen(args: &Upload) -> anyhow::Result<Vec<Chosen>> {
    let mut chosen = Vec::new();
    for path in &args.files {
        if path == Path::new("-") {
            chosen.push(stdin(args)?);
        } else if path.is_dir() {
            if !args.recursive {
                let message = format!("{} is a folder", shown(&path.to_string_lossy()));
                let failure = Failure::new(Exit::Usage, message);
                let remedy = "give --recursive to upload what is in it";
                return Err(failure.remedy(remedy).into());
            }
            below(path, args, &mut chosen)?;
        } else {
            let name = match &args.name {
                Some(name) => name.clone(),
                None => name_of(path.file_name().unwrap_or(path.as_os_str())),
            };
            chosen.push(Chosen::file(path.clone(), name, args));
        }
    }
    let is_one = matches!(*chosen, [_]);
    let stdins = chosen
        .iter()
        .filter(|one| matches!(one.input, Input::Stdin));
    let wrong = if args.name.is_some() && !is_one {
        "--name names one file, and there are more or none"
    } else if args.size.is_some() && stdins.clone().count() == 0 {
        "--size is for stdin; files have their own"
    } else if stdins.count() > 1 {
        "stdin can be read once only"
    } else if chosen.is_empty() {
        "there is no file in it"
    } else {
        return Ok(chosen);
    };
    Err(Failure::new(Exit::Usage, wrong).into())
}

fn stdin(args: &Upload) -> anyhow::Result<Chosen> {
    let Some(name) = args.name.clone() else {
        let failure = Failure::new(Exit::Usage, "stdin has no name");
        return Err(failure.remedy("give it one with --name").into());
    };
    Ok(Chosen {
        content_type: content_type(&name, args),
        input: Input::Stdin,
        name,
        len: args.size,
    })
}

/// All files in a folder, in the order of their names; links are left out.
fn below(folder: &Path, args: &Upload, chosen: &mut Vec<Chosen>) -> anyhow::Result<()> {
    // `photos/` and `.` have names of their own, too.
    let whole = folder.canonicalize();
    let whole = whole.with_context(|| shown(&folder.to_string_lossy()))?;
    let parent = whole.parent().unwrap_or(&whole);
    for entry in WalkDir::new(&whole).sort_by_file_name() {
        let named = |path: &Path| {
            let below = path.strip_prefix(parent).unwrap_or(path);
            let parts: Vec<_> = below.iter().map(name_of).collect();
            // The same on every system.
            parts.join("/")
        };
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                chosen.push(Chosen::file(entry.path().into(), named(entry.path()), args));
            }
            Ok(_) => {}
            Err(error) => {
                let name = named(error.path().unwrap_or(&whole));
                chosen.push(Chosen {
                    input: Input::Unreadable(io::Error::from(error).kind()),
                    name,
                    content_type: None,
                    len: None,
                });
            }
        }
    }
    Ok(())
}

impl Chosen {
    fn file(path: PathBuf, name: String, args: &Upload) -> Self {
        Self {
            content_type: content_type(&name, args),
            len: path.metadata().ok().map(|file| file.len()),
            input: Input::File(path),
            name,
        }
    }
}

/// Names are text; what is none in a file system's name is replaced.
fn name_of(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

fn content_type(name: &str, args: &Upload) -> Option<String> {
    let guessed = || mime_guess::from_path(name).first_raw().map(str::to_owned);
    args.content_type.clone().or_else(guessed)
}
