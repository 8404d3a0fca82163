//! Files that are there already.

use core::pin::pin;
use std::collections::HashMap;

use futures::StreamExt as _;
use sealift_client::{Client, FileSource, RequestError, Source as _};
use sealift_transfer::api::FileRecord;

use super::Chosen;

/// By name and size; the newest of each. Of names that more than one of the chosen files has there is
/// none: nothing tells which of them is there.
#[derive(Default)]
pub(super) struct Existing(HashMap<(String, u64), FileRecord>);

impl Existing {
    /// The caller's files under the names of the chosen ones.
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

    /// The one of this file, unless the file was modified since.
    pub(super) fn of(&self, chosen: &Chosen, source: &FileSource) -> Option<&FileRecord> {
        let record = self.0.get(&(chosen.name.clone(), source.plaintext_len()))?;
        let modified = source.last_modified_ms()?;
        (record.uploaded_at_ms >= modified).then_some(record)
    }
}
