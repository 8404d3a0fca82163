//! Finds the files that are uploaded already, for `--skip-existing`.

use core::pin::pin;
use std::collections::HashMap;

use futures::StreamExt as _;
use sealift_client::{Client, FileSource, RequestError, Source as _};
use sealift_transfer::api::FileRecord;

use super::Chosen;

/// The newest existing file for each name and size. A name that several of the chosen files have is left out, because
/// it does not show which of them is uploaded.
#[derive(Default)]
pub(super) struct Existing(HashMap<(String, u64), FileRecord>);

impl Existing {
    /// Looks up the caller's files that have the names of the chosen ones.
    pub(super) async fn among(client: &Client, chosen: &[Chosen]) -> Result<Self, RequestError> {
        let mut names: HashMap<&str, u64> = HashMap::new();
        for one in chosen {
            *names.entry(&one.name).or_default() += 1;
        }
        let mut existing = HashMap::new();
        let mut files = pin!(client.all_files(None));
        while let Some(file) = files.next().await {
            let file = file?;
            if names.get(file.name.as_str()) == Some(&1) {
                let key = (file.name.clone(), file.size);
                existing.entry(key).or_insert(file);
            }
        }
        Ok(Self(existing))
    }

    /// Returns the record of this file, unless the file was modified after its upload.
    pub(super) fn of(&self, chosen: &Chosen, source: &FileSource) -> Option<&FileRecord> {
        let record = self.0.get(&(chosen.name.clone(), source.plaintext_len()))?;
        let modified = source.last_modified_ms()?;
        (record.uploaded_at_ms >= modified).then_some(record)
    }
}
