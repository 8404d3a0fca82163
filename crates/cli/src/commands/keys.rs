//! `sealift keys`: what an operator does with a deployment's keys.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use sealift_keyring::Pepper;

use crate::{
    args::{Keys, MakePepper},
    failure::{Exit, Failure},
    message::unusable,
    terminal::{self, shown},
};

mod export;
mod list;
mod rewrap;
mod rotate;
mod shred;

pub(crate) async fn run(args: Keys) -> anyhow::Result<()> {
    match args {
        Keys::Export(args) => export::export(&args).await,
        Keys::MakePepper(args) => make_pepper(&args),
        Keys::List(args) => list::list(&args).await,
        Keys::Rotate(args) => rotate::rotate(args).await,
        Keys::Rewrap(args) => rewrap::rewrap(&args).await,
        Keys::Shred(args) => shred::shred(&args).await,
    }
}

fn make_pepper(args: &MakePepper) -> anyhow::Result<()> {
    let pepper = Pepper::make()?;
    match &args.destination {
        Some(path) => write_new(path, pepper.as_bytes())?,
        None => terminal::say(&pepper)?,
    }
    terminal::note(
        "This is the only copy of the pepper; without it, nothing that is encrypted under it opens again.",
    );
    Ok(())
}

/// Makes a new folder that only its owner can read.
fn make_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().mode(0o700).create(path);
    made.map_err(|error| not_made(path, &error))
}

/// Writes a secret to a new file, which only its owner can read from the first byte on.
fn write_new(path: &Path, secret: &[u8]) -> Result<(), Failure> {
    let name = shown(&path.to_string_lossy());
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = file.map_err(|error| not_made(path, &error))?;
    file.write_all(secret)
        .and_then(|()| file.sync_all())
        .map_err(|error| unusable(&name, &error))
}

fn not_made(path: &Path, error: &io::Error) -> Failure {
    let name = shown(&path.to_string_lossy());
    match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(Exit::Failed, format!("{name} already exists"))
            .remedy("name another one with --output")
            .code("exists"),
        _ => unusable(&name, error),
    }
}
