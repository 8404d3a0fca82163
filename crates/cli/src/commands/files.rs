//! `sealift files`: lists, shows, deletes, verifies, reseals and shares files, and lists the links.

mod delete;
mod links;
mod list;
mod reseal;
mod share;
mod show;
mod verify;

use sealift_client::{Client, RequestError};
use sealift_transfer::api::{FileId, FileRecord, UnreadableField, Verification};

use super::stop::Stop;
use crate::{
    args::{Access, Files},
    failure::{Exit, Failure},
    online::refused,
    terminal::shown,
};

/// Runs a command about files. Ctrl-C leaves nothing half done, except that only the first ids of a list may be done.
pub(crate) async fn run(args: Files) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    let done = async {
        match args {
            Files::List(list) => list::run(list).await,
            Files::Show(show) => show::run(show).await,
            Files::Delete(delete) => delete::run(delete).await,
            Files::Verify(verify) => verify::run(verify).await,
            Files::Reseal(reseal) => reseal::run(reseal).await,
            Files::Share(share) => share::run(share).await,
            Files::Links(links) => links::list(links).await,
            Files::ChangeLink(change) => links::change(change).await,
            Files::Unshare(unshare) => share::take_back(unshare).await,
        }
    };
    tokio::select! {
        done = done => done,
        () = stop.asked() => Err(Failure::new(Exit::Interrupted, "interrupted").into()),
    }
}

/// Returns the record of every file.
///
/// # Errors
/// Fails if the server does not return one of the records.
async fn records(
    client: &Client,
    ids: &[FileId],
    access: &Access,
) -> anyhow::Result<Vec<FileRecord>> {
    let mut records = Vec::new();
    for id in ids {
        let record = client.file(id).await;
        records.push(record.map_err(|error| of_file(&error, id, access))?);
    }
    Ok(records)
}

/// Adds the id of the file to the failure, because there may be several files.
fn of_file(error: &RequestError, id: &FileId, access: &Access) -> anyhow::Error {
    anyhow::Error::new(refused(error, access)).context(id.to_string())
}

/// Returns the file's name for the terminal, or a remark if the server cannot read the name.
fn name(file: &FileRecord) -> String {
    match file.unreadable.contains(&UnreadableField::Name) {
        true => UNREADABLE_NAME.to_owned(),
        false => shown(&file.name),
    }
}

const UNREADABLE_NAME: &str = "(name cannot be read)";

/// Returns the result of the verification in one word.
fn verification(found: &Verification) -> &'static str {
    match found {
        Verification::Pending => "pending",
        Verification::Verified { .. } => "verified",
        Verification::Failed { .. } => "DAMAGED",
        Verification::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use sealift_transfer::api::UploadId;

    use super::*;

    fn record(unreadable: &[UnreadableField]) -> FileRecord {
        FileRecord {
            id: FileId::from_random([1; 16]),
            upload_id: UploadId::from_random([2; 16]),
            name: String::new(),
            content_type: None,
            size: 10,
            sealed_size: 1000,
            metadata: None,
            reference: None,
            uploaded_at_ms: 0,
            verification: Verification::Unknown,
            bucket: "b".into(),
            object_key: "o".into(),
            etag: "e".into(),
            version: None,
            encrypted_data_key: Vec::new(),
            encryption_context: std::collections::BTreeMap::new(),
            unreadable: unreadable.to_vec(),
        }
    }

    #[test]
    fn a_file_whose_record_cannot_be_read_is_listed_and_shown_as_such() {
        let unreadable = [
            UnreadableField::Name,
            UnreadableField::Metadata,
            UnreadableField::Verification,
            UnreadableField::EncryptionContext,
        ];
        for field in unreadable {
            let record = record(&[field]);
            let (line, table) = (list::line(&record), show::table(&record));
            let is_name = field == UnreadableField::Name;
            assert_eq!(line.contains("name cannot be read"), is_name, "{line}");
            assert!(table.contains("cannot be read"), "{field:?}: {table}");
        }
        let whole = FileRecord {
            name: "a".to_owned(),
            ..record(&[])
        };
        assert!(!list::line(&whole).contains("cannot be read"));
        assert!(!show::table(&whole).contains("cannot be read"));
    }
}
