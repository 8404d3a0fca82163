//! Checks the database and the folder that it is in. Nothing is made, migrated or written.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{
    check::Check,
    table::{DATA_FOLDER, DATABASE, DATABASE_MODE, DISK_SPACE},
};
use crate::{
    config::{Config, StoreConfig},
    records::ReadOnlyRecords,
};

const MIB: u64 = 1024 * 1024;

/// The free bytes below which commits may fail soon, because the database, its journal and what SQLite sorts need
/// room.
const LEAST_FREE_BYTES: u64 = 100 * MIB;
/// The free bytes below which somebody should look. With the embedded store the uploads lie on the same disk.
const FEW_FREE_BYTES: u64 = 1024 * MIB;
const FEW_FREE_BYTES_WITH_OBJECTS: u64 = 10 * 1024 * MIB;

/// Returns the checks, and the open database if it can be read.
pub(super) async fn check(config: &Config) -> (Option<ReadOnlyRecords>, Vec<Check>) {
    let file = config.database_file();
    let (records, database) = database(&file).await;
    let checks = vec![
        folder(&config.data_dir),
        database,
        mode(&file),
        disk(config, free_bytes(&config.data_dir)),
    ];
    (records, checks)
}

async fn database(file: &Path) -> (Option<ReadOnlyRecords>, Check) {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let made = "There is no database yet; the first start of a server makes it";
            return (None, DATABASE.not_applicable(made));
        }
        Err(error) => {
            let sentence = format!("The database {} cannot be read ({error})", file.display());
            let remedy =
                "run the doctor as the user of the server, or give that user the data folder";
            return (None, DATABASE.failed(sentence, remedy));
        }
        Ok(_) => {}
    }
    let mut records = match ReadOnlyRecords::open_without_a_trace(file).await {
        Ok(records) => records,
        Err(error) => return (None, DATABASE.failed_by(&error)),
    };
    let check = match records.missing_migrations().await {
        Ok(0) => DATABASE.ok("The database opens, and its schema is this version's"),
        Ok(missing) => DATABASE.ok(format!(
            "The database opens; its schema is {missing} behind. The next start brings it up to date, after which older versions cannot use it"
        )),
        Err(error) => DATABASE.failed_by(&error),
    };
    (Some(records), check)
}

fn folder(folder: &Path) -> Check {
    if let Some(owner) = other_owner(folder) {
        let name = folder.display();
        return DATA_FOLDER.warning(
            format!("The data folder {name} belongs to another user (number {owner}) than the one of this doctor"),
            format!("Run the doctor as the server's user: `sudo -u '#{owner}' sealift doctor`"),
        );
    }
    match mode_of(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => DATA_FOLDER
            .not_applicable("There is no data folder yet; the first start of a server makes it"),
        Err(error) => DATA_FOLDER.failed(
            format!(
                "The data folder {} cannot be read ({error})",
                folder.display()
            ),
            "Set SEALIFT_DATA_DIR, or give the user of the server that folder",
        ),
        Ok(mode) if mode & 0o077 == 0 => {
            DATA_FOLDER.ok(format!("{} is its owner's alone", folder.display()))
        }
        Ok(mode) => {
            let may = if mode & 0o022 == 0 { "read" } else { "change" };
            let name = folder.display();
            let sentence =
                format!("Other users may {may} the data folder {name} (mode {mode:04o})");
            let remedy = format!("`chmod 700 {name}`");
            match may {
                "read" => DATA_FOLDER.warning(sentence, remedy),
                _ => DATA_FOLDER.failed(sentence, remedy),
            }
        }
    }
}

/// Checks the database and the two files that SQLite keeps beside it.
fn mode(file: &Path) -> Check {
    let beside = ["", "-wal", "-shm"].map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    let modes = beside
        .iter()
        .filter_map(|file| Some((file, mode_of(file).ok()?)));
    let modes: Vec<_> = modes.collect();
    if modes.is_empty() {
        return DATABASE_MODE.not_applicable("There is no database yet");
    }
    match modes.iter().find(|(_, mode)| mode & 0o077 != 0) {
        None => DATABASE_MODE.ok("Only the owner of the database's files may read them"),
        Some((open, mode)) => DATABASE_MODE.failed(
            format!(
                "Other users may read or write {} (mode {mode:04o})",
                open.display()
            ),
            format!("`chmod 600 {}*`", file.display()),
        ),
    }
}

fn disk(config: &Config, free_bytes: Option<u64>) -> Check {
    let Some(free_bytes) = free_bytes else {
        return DISK_SPACE.not_applicable("This system does not tell how much room the disk has");
    };
    let (few, with) = match config.store {
        StoreConfig::Embedded { .. } => (FEW_FREE_BYTES_WITH_OBJECTS, "database and uploads"),
        StoreConfig::S3 { .. } => (FEW_FREE_BYTES, "the database"),
    };
    let sentence = format!("The disk has {} MiB free for {with}", free_bytes / MIB);
    match free_bytes {
        ..LEAST_FREE_BYTES => DISK_SPACE.failed(sentence, DISK_SPACE.mends),
        free if free < few => DISK_SPACE.warning(sentence, DISK_SPACE.mends),
        _ => DISK_SPACE.ok(sentence),
    }
}

/// Returns the free bytes on the disk of the folder, or of the folder around it in which it will be made.
fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = std::path::absolute(folder).ok()?;
    let stat = folder
        .ancestors()
        .find_map(|at| rustix::fs::statvfs(at).ok())?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// Returns the number of the user that a folder belongs to, if that is not the user of this process.
pub(super) fn other_owner(folder: &Path) -> Option<u32> {
    let owner = fs::metadata(folder).ok()?.uid();
    let own = fs::metadata("/proc/self").ok()?.uid();
    (owner != own).then_some(owner)
}

/// Returns the permissions of a file or folder.
fn mode_of(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Sources, doctor::check::Outcome};

    #[test]
    fn the_embedded_store_needs_more_room_than_a_bucket() {
        let with_bucket = |bucket: &str| {
            let flags = vec![("s3_bucket", bucket.to_owned())];
            let sources = Sources {
                flags,
                ..Sources::default()
            };
            Config::load(&sources).unwrap()
        };
        let outcome = |bucket, free_mib| disk(&with_bucket(bucket), Some(free_mib * MIB)).outcome;
        assert_eq!(outcome("files", 99), Outcome::Failed);
        assert_eq!(outcome("files", 100), Outcome::Warning);
        assert_eq!(outcome("files", 1024), Outcome::Ok);
        assert_eq!(outcome("", 1024), Outcome::Warning);
        assert_eq!(outcome("", 10_240), Outcome::Ok);
        assert!(free_bytes(Path::new("/no/such/folder")).is_some());
    }

    #[tokio::test]
    async fn an_older_database_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sealift.sqlite");
        let records = crate::records::Records::open(&file).await.unwrap();
        records.close().await;
        crate::records::make_older(&file).await;
        let before = fs::read(&file).unwrap();
        let (_, check) = database(&file).await;
        assert_eq!(check.outcome, Outcome::Ok);
        assert!(
            check.sentence.contains("its schema is 1 behind"),
            "{check:?}"
        );
        assert!(fs::read(&file).unwrap() == before);
        // SQLite would make its journal beside the file.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
