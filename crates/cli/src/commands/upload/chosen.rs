//! Chooses the files to upload and their names, from the paths on the command line.

use std::{
    ffi::OsStr,
    fs::FileType,
    io,
    path::{Path, PathBuf},
};

use sealift_transfer::{api::file_name::kept_name, batches::LARGEST_SMALL_FILE};
use walkdir::{DirEntry, WalkDir};

use crate::{
    args::Upload,
    failure::{Exit, Failure},
    message::unusable,
    terminal::shown,
};

/// The files that the command line chose.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) files: Vec<Chosen>,
    /// A failure for each chosen path that cannot be uploaded. The others are uploaded.
    pub(super) refused: Vec<Failure>,
    /// A sentence for each entry of a folder that is left out, because it is not a file.
    pub(super) left_out: Vec<String>,
}

/// One file to send.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) input: Input,
    /// The name as the server will store it, so that existing files are found by it.
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    /// The length in bytes, if it is known before the file is read.
    pub(super) len: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Input {
    File(PathBuf),
    Stdin,
}

impl Selection {
    /// Looks at every path that was given. It opens no file, because opening a pipe would wait for its writer.
    pub(super) fn of(args: &Upload) -> Result<Self, Failure> {
        let mut selection = Self::default();
        for path in &args.files {
            if path == Path::new("-") {
                selection.files.push(stdin(args)?);
            } else {
                selection.add(path, args);
            }
        }
        Ok(selection)
    }

    /// Checks that the flags fit the chosen files.
    pub(super) fn check(&self, args: &Upload) -> Result<(), Failure> {
        let is_one = self.files.len().saturating_add(self.refused.len()) == 1;
        let stdins = self.files.iter();
        let stdins = stdins.filter(|one| matches!(one.input, Input::Stdin));
        let wrong = if args.name.is_some() && !is_one {
            "--name is for exactly one file"
        } else if args.size.is_some() && self.refused.is_empty() && stdins.clone().count() == 0 {
            "--size is only for stdin, because files have a size of their own"
        } else if stdins.count() > 1 {
            "stdin can be read only once"
        } else if self.files.is_empty() && self.refused.is_empty() {
            "there is no file to upload"
        } else {
            return Ok(());
        };
        Err(Failure::new(Exit::Usage, wrong))
    }

    /// Adds a path of the command line. A link is followed, because it was named.
    fn add(&mut self, path: &Path, args: &Upload) {
        let name = shown(&path.to_string_lossy());
        let file_type = match path.metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return self.refused.push(not_there(path, &name, &error)),
        };
        if file_type.is_file() {
            let name = match &args.name {
                Some(name) => kept_name(name).to_owned(),
                None => name_of(path.file_name().unwrap_or(path.as_os_str())),
            };
            self.files.push(Chosen::file(path.into(), name, args));
        } else if !file_type.is_dir() {
            self.refused.push(no_file(path, &name, file_type));
        } else if args.recursive {
            self.add_folder(path, &name, args);
        } else {
            let failure = Failure::new(Exit::Usage, format!("{name} is a folder"));
            let remedy = "give --recursive to upload the files in it";
            self.refused.push(failure.remedy(remedy));
        }
    }

    /// Adds all files in a folder, in the order of their names. Links are not followed.
    fn add_folder(&mut self, folder: &Path, name: &str, args: &Upload) {
        // The full path gives `photos/` and `.` a name, too.
        let whole = match folder.canonicalize() {
            Ok(whole) => whole,
            Err(error) => return self.refused.push(unusable(name, &error)),
        };
        let parent = whole.parent().unwrap_or(&whole);
        let named = |path: &Path| {
            let below = path.strip_prefix(parent).unwrap_or(path);
            let parts: Vec<_> = below.iter().map(OsStr::to_string_lossy).collect();
            // Names have the same separator on every system.
            kept_name(&parts.join("/")).to_owned()
        };
        // The latest folder, as long as nothing was found in it.
        let mut empty: Option<DirEntry> = None;
        for entry in WalkDir::new(&whole).sort_by_file_name() {
            let depth = match &entry {
                Ok(entry) => entry.depth(),
                Err(error) => error.depth(),
            };
            self.leave_out_unless_below(empty.take(), depth, named);
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let chosen = Chosen::file(entry.path().into(), named(entry.path()), args);
                    self.files.push(chosen);
                }
                Ok(entry) if entry.file_type().is_dir() => empty = Some(entry),
                Ok(entry) => self.leave_out(&named(entry.path()), kind_of(entry.file_type())),
                Err(error) => {
                    let name = shown(&named(error.path().unwrap_or(&whole)));
                    self.refused.push(unusable(&name, &error.into()));
                }
            }
        }
        self.leave_out_unless_below(empty, 0, named);
    }

    /// Leaves a folder out as empty if the next entry, at this depth, is not in it.
    fn leave_out_unless_below(
        &mut self,
        folder: Option<DirEntry>,
        next_depth: usize,
        named: impl Fn(&Path) -> String,
    ) {
        if let Some(folder) = folder
            && next_depth <= folder.depth()
        {
            self.leave_out(&named(folder.path()), "an empty folder");
        }
    }

    fn leave_out(&mut self, name: &str, kind: &str) {
        let sentence = format!("{} is {kind} and is left out", shown(name));
        self.left_out.push(sentence);
    }
}

/// Returns the failure for a path that cannot be looked at.
fn not_there(path: &Path, name: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound && path.is_symlink() {
        return Failure::new(Exit::NotFound, format!("{name} is a link to nothing"))
            .remedy("name the file itself");
    }
    unusable(name, error)
}

/// Returns the failure for something that is not a file, such as a pipe, which has no size and perhaps no end.
fn no_file(path: &Path, name: &str, file_type: FileType) -> Failure {
    let kind = kind_of(file_type);
    let failure = Failure::new(Exit::Usage, format!("{name} is {kind}, and not a file"));
    let stdin = "`… | sealift upload - --name NAME`";
    // Shells pass such paths for `<(…)`.
    let is_of_the_shell = ["/dev/fd", "/proc"]
        .iter()
        .any(|open| path.starts_with(open));
    failure.remedy(match is_of_the_shell {
        true => format!("instead of <(…) give -, which is stdin: {stdin}"),
        false => format!("give - in its place and send its bytes to stdin: {stdin}"),
    })
}

fn kind_of(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if file_type.is_fifo() {
            return "a pipe";
        } else if file_type.is_socket() {
            return "a socket";
        } else if file_type.is_block_device() || file_type.is_char_device() {
            return "a device";
        }
    }
    match file_type.is_symlink() {
        true => "a link",
        false => "something else",
    }
}

fn stdin(args: &Upload) -> Result<Chosen, Failure> {
    let Some(name) = args.name.as_deref().map(kept_name) else {
        let failure = Failure::new(Exit::Usage, "stdin has no name");
        return Err(failure.remedy("give it one with --name"));
    };
    Ok(Chosen {
        content_type: content_type(name, args),
        input: Input::Stdin,
        name: name.to_owned(),
        len: args.size,
    })
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

    /// Returns whether the file is known to be small.
    pub(super) fn is_small(&self) -> bool {
        self.len.is_some_and(|len| len <= LARGEST_SMALL_FILE)
    }
}

/// Returns a file's name as text. Bytes that are not UTF-8 are replaced.
fn name_of(name: &OsStr) -> String {
    kept_name(&name.to_string_lossy()).to_owned()
}

fn content_type(name: &str, args: &Upload) -> Option<String> {
    let guessed = || mime_guess::from_path(name).first_raw().map(str::to_owned);
    args.content_type.clone().or_else(guessed)
}
