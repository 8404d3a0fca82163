//! `sealift files`: what is there, and what is done with it.

mod delete;
mod list;
mod share;
mod show;
mod verify;

use sealift_client::{Client, RequestError};
use sealift_transfer::api::{FileId, FileRecord, Verification};

use super::stop::Stop;
use crate::{
    args::{Access, Files},
    failure::{Exit, Failure},
    online::refused,
};

/// Nothing of it is left half done by Ctrl-C but a list of ids, of which it did the first ones.
pub(crate) async fn run(args: Files) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    let done = async {
        match args {
            Files::List(list) => list::run(list).await,
            Files::Show(show) => show::run(show).await,
            Files::Delete(delete) => delete::run(delete).await,
            Files::Verify(verify) => verify::run(verify).await,
            Files::Share(share) => share::run(share).await,
            Files::Unshare(unshare) => share::take_back(unshare).await,
        }
    };
    tokio::select! {
        done = done => done,
        () = stop.asked() => Err(Failure::new(Exit::Interrupted, "interrupted").into()),
    }
}

/// Every file's record, or why one cannot be had.
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

/// With the file that it is about: there may be several.
fn of_file(error: &RequestError, id: &FileId, access: &Access) -> anyhow::Error {
    anyhow::Error::new(refused(error, access)).context(id.to_string())
}

/// What the pass over all frames found, in a word.
fn verification(found: &Verification) -> &'static str {
    match found {
        Verification::Pending => "pending",
        Verification::Verified { .. } => "verified",
        Verification::Failed { .. } => "DAMAGED",
        Verification::Unknown => "unknown",
    }
}
