//! Lists the content of the store directly, not through a failing proxy.

use std::collections::BTreeSet;

use anyhow::Result;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::Client;
use sealift_tests::Moto;

use crate::store_process::BUCKET;

/// The content of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inventory {
    pub(crate) objects: BTreeSet<String>,
    /// The object key and the store's own id of each multipart upload.
    pub(crate) multiparts: BTreeSet<(String, String)>,
}

/// A client of the store itself.
#[derive(Debug)]
pub(crate) struct Bucket(Client);

/// The prefix of every object key, which is the server's default.
const PREFIX: &str = "sealift";

impl Bucket {
    pub(crate) async fn at(endpoint: &str) -> Self {
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(Moto::REGION))
            .endpoint_url(endpoint)
            .load()
            .await;
        let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true);
        Self(Client::from_conf(config.build()))
    }

    /// Marks the prefix as this deployment's, as an operator does once. Only then does the sweeper remove objects
    /// without a record (docs/FORMAT.md, R11).
    pub(crate) async fn mark(&self, deployment_id: String) -> Result<()> {
        let key = mark_key();
        let put = self.0.put_object().bucket(BUCKET).key(key);
        put.body(deployment_id.into_bytes().into()).send().await?;
        Ok(())
    }

    /// Returns everything in the bucket except the mark.
    pub(crate) async fn inventory(&self) -> Result<Inventory> {
        let mut objects = BTreeSet::new();
        let mut after = None;
        loop {
            let list = self.0.list_objects_v2().bucket(BUCKET);
            let page = list.set_start_after(after).send().await?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            let keys: Vec<String> = keys.map(str::to_owned).collect();
            after = keys.last().cloned();
            if after.is_none() {
                break;
            }
            objects.extend(keys);
        }
        objects.remove(&mark_key());

        let mut multiparts = BTreeSet::new();
        let (mut key, mut id) = (None, None);
        loop {
            let list = self.0.list_multipart_uploads().bucket(BUCKET);
            let list = list.set_key_marker(key).set_upload_id_marker(id);
            let page = list.send().await?;
            for upload in page.uploads() {
                if let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) {
                    multiparts.insert((key.to_owned(), id.to_owned()));
                }
            }
            if page.is_truncated() != Some(true) {
                break;
            }
            key = page.next_key_marker().map(str::to_owned);
            id = page.next_upload_id_marker().map(str::to_owned);
        }
        Ok(Inventory {
            objects,
            multiparts,
        })
    }
}

fn mark_key() -> String {
    format!("{PREFIX}/sealift.deployment")
}

/// Returns whether the object key belongs to the server's probe of the store. Such keys have no record.
pub(crate) fn is_of_a_trial(object_key: &str) -> bool {
    object_key.starts_with(&format!("{PREFIX}/probe/"))
}
