//! Finds out which multipart uploads s3s-fs keeps, from the names of its files.
//!
//! s3s-fs keeps two files in its root for each upload: `.upload-<id>.json` (the access key that
//! began it) and `.bucket-<b>.object-<k>.upload-<id>.metadata.json` (`b`, `k`: bucket and object
//! key in base64). Both exist exactly until the upload is completed or aborted.

use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use data_encoding::BASE64URL_NOPAD;

/// An upload that is neither completed nor aborted.
pub(super) struct Multipart {
    pub(super) object_key: String,
    pub(super) id: String,
    pub(super) begun_at: Option<SystemTime>,
}

/// Returns whether this upload still exists, for exactly this bucket and object key.
pub(super) fn lives(root: &Path, bucket: &str, object_key: &str, id: &str) -> bool {
    is_id(id)
        && root.join(format!(".upload-{id}.json")).is_file()
        && metadata_file(root, bucket, object_key, id).is_file()
}

/// Lists all uploads that exist in this bucket, by object key and id, as S3 does.
pub(super) async fn list(root: &Path, bucket: &str) -> io::Result<Vec<Multipart>> {
    let begin = format!(
        ".bucket-{}.object-",
        BASE64URL_NOPAD.encode(bucket.as_bytes())
    );
    let mut found = Vec::new();
    let mut entries = tokio::fs::read_dir(root).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let Some((object_key, id)) = name.to_str().and_then(|name| parse(name, &begin)) else {
            continue;
        };
        if !lives(root, bucket, &object_key, &id) {
            continue;
        }
        found.push(Multipart {
            object_key,
            id,
            begun_at: entry
                .metadata()
                .await
                .ok()
                .and_then(|data| data.modified().ok()),
        });
    }
    found.sort_unstable_by(|a, b| (&a.object_key, &a.id).cmp(&(&b.object_key, &b.id)));
    Ok(found)
}

/// Returns the length of the longest file name that s3s-fs makes for an object key of that many
/// bytes. File systems allow 255 bytes.
#[must_use]
pub(crate) fn longest_file_name(bucket_len: usize, object_key_len: usize) -> usize {
    let id = "00000000-0000-0000-0000-000000000000";
    let fixed = format!(".bucket-.object-.upload-{id}.metadata.json").len();
    fixed
        .saturating_add(BASE64URL_NOPAD.encode_len(bucket_len))
        .saturating_add(BASE64URL_NOPAD.encode_len(object_key_len))
}

/// Returns the paths of the two files beside an object in which s3s-fs keeps its metadata.
pub(super) fn notes_of_object(root: &Path, bucket: &str, object_key: &str) -> [PathBuf; 2] {
    let bucket = BASE64URL_NOPAD.encode(bucket.as_bytes());
    let object_key = BASE64URL_NOPAD.encode(object_key.as_bytes());
    ["metadata", "internal"]
        .map(|kind| root.join(format!(".bucket-{bucket}.object-{object_key}.{kind}.json")))
}

fn metadata_file(root: &Path, bucket: &str, object_key: &str, id: &str) -> PathBuf {
    root.join(format!(
        ".bucket-{}.object-{}.upload-{id}.metadata.json",
        BASE64URL_NOPAD.encode(bucket.as_bytes()),
        BASE64URL_NOPAD.encode(object_key.as_bytes()),
    ))
}

fn parse(name: &str, begin: &str) -> Option<(String, String)> {
    let rest = name.strip_prefix(begin)?.strip_suffix(".metadata.json")?;
    let (object_key, id) = rest.split_once(".upload-")?;
    let object_key = BASE64URL_NOPAD.decode(object_key.as_bytes()).ok()?;
    Some((String::from_utf8(object_key).ok()?, id.to_owned()))
}

/// Returns whether the id is a UUID as s3s-fs writes it, because anything else could name another
/// file.
fn is_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_id_cannot_point_elsewhere() {
        for bad in ["", "../../etc/passwd", "0", &"/".repeat(36)] {
            assert!(!is_id(bad), "{bad}");
        }
        assert!(is_id("7c2a8a0e-92c5-4b0c-8f5e-0d6f5f2a3b11"));
    }
}
