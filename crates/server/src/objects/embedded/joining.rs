//! Joins the parts of a multipart upload. s3s-fs reads all parts again for that and hashes them twice, one after
//! the other. But the ETag and the checksum of a joined object follow from those of its parts, which s3s-fs noted
//! when the parts came, so that the bytes only have to be copied.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use data_encoding::{BASE64, HEXLOWER};
use s3s::{
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Md5},
    dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, ETag},
};
use serde_json::{Map, Value};

use super::multiparts::{self, UploadFiles};

/// S3 refuses smaller parts, except the last: 5 MiB.
const LEAST_PART_BYTES: u64 = 5 * 1024 * 1024;

/// Counts the drafts of this process.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// The facts about an upload that a join needs.
pub(super) struct Join {
    bucket: String,
    object_key: String,
    files: UploadFiles,
    parts: Vec<PathBuf>,
    etag: String,
    /// The name of the checksum in s3s-fs' notes, with its value.
    checksum: Option<(&'static str, String)>,
}

impl Join {
    /// Prepares the join of a usual upload, and changes nothing. Returns `None` for any other request, and for a
    /// wrong one, because s3s-fs has the answers to these. Blocks.
    pub(super) fn of(
        root: &Path,
        input: &CompleteMultipartUploadInput,
        access_key: Option<&str>,
    ) -> Option<Self> {
        let files = UploadFiles::of(root, &input.bucket, &input.key, &input.upload_id)?;
        let owner: Option<String> = serde_json::from_slice(&fs::read(files.upload()).ok()?).ok()?;
        let object = root.join(&input.bucket).join(&input.key);
        let is_refused = input.if_none_match.is_some() && object.exists();
        if owner.as_deref() != access_key || asks_more(input) || is_refused {
            return None;
        }
        let name = checksum_of(&files)?;
        let asked = input.multipart_upload.as_ref()?.parts.as_ref()?;
        let mut parts = Vec::new();
        let mut etags = Md5::new();
        let mut checksums = hasher_of(name);
        for (number, part) in (1..).zip(asked) {
            let (path, note) = (files.part(number), notes(&files.part_notes(number))?);
            let is_last = parts.len().saturating_add(1) == asked.len();
            let len = path.metadata().ok()?.len();
            if part.part_number != Some(number) || (len < LEAST_PART_BYTES && !is_last) {
                return None;
            }
            etags.update(&HEXLOWER.decode(text(&note, "e_tag")?.as_bytes()).ok()?);
            if let Some(name) = name {
                let noted = text(&note, name)?;
                if checksum_in(part, name).is_some_and(|asked| asked != noted) {
                    return None;
                }
                checksums.update(&BASE64.decode(noted.as_bytes()).ok()?);
            }
            parts.push(path);
        }
        let count = parts.len();
        let sums = checksums.finalize();
        let sum = sums.checksum_sha256.or(sums.checksum_crc32);
        (count > 0).then(|| Self {
            bucket: input.bucket.clone(),
            object_key: input.key.clone(),
            files,
            parts,
            etag: format!("{}-{count}", HEXLOWER.encode(&etags.finalize())),
            checksum: name.zip(sum.map(|sum| format!("{sum}-{count}"))),
        })
    }

    /// Joins the parts, in the order of s3s-fs: first the object, then its notes, and at last the files of the
    /// upload go. Blocks.
    ///
    /// # Errors
    /// Returns the system's error. The upload still exists then, and can be completed again.
    pub(super) fn finish(self, root: &Path) -> io::Result<CompleteMultipartUploadOutput> {
        // Two requests may complete the same upload at once, so each has a draft of its own. s3s-fs deletes files of
        // such names at its next start.
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = root.join(format!(".tmp.{}-{number}.internal.part", self.files.id()));
        let object = root.join(&self.bucket).join(&self.object_key);
        let joined = self.join_into(&draft, &object, root);
        if joined.is_err() {
            // After a success, there is no such file any more.
            let _ = fs::remove_file(&draft);
        }
        joined?;
        let gone = [self.files.metadata()].into_iter();
        let parts = (1..).zip(&self.parts);
        let parts = parts.flat_map(|(number, part)| [part.clone(), self.files.part_notes(number)]);
        for path in gone.chain(parts).chain([self.files.upload()]) {
            // The object is there. What stays of its upload only takes space.
            let _ = fs::remove_file(path);
        }
        let checksum_in = |wanted| {
            let found = self.checksum.as_ref().filter(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.clone())
        };
        Ok(CompleteMultipartUploadOutput {
            checksum_crc32: checksum_in(CRC32),
            checksum_sha256: checksum_in(SHA256),
            bucket: Some(self.bucket),
            key: Some(self.object_key),
            e_tag: Some(ETag::Strong(self.etag)),
            ..CompleteMultipartUploadOutput::default()
        })
    }

    fn join_into(&self, draft: &Path, object: &Path, root: &Path) -> io::Result<()> {
        let mut joined = File::create(draft)?;
        for part in &self.parts {
            // Between two files, the kernel copies by itself.
            io::copy(&mut File::open(part)?, &mut joined)?;
        }
        drop(joined);
        if let Some(folder) = object.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(draft, object)?;
        let [metadata, internal] =
            multiparts::notes_of_object(root, &self.bucket, &self.object_key);
        fs::copy(self.files.metadata(), draft)?;
        fs::rename(draft, metadata)?;
        let mut notes = Map::from_iter([("e_tag".to_owned(), self.etag.clone().into())]);
        if let Some((name, sum)) = &self.checksum {
            notes.insert((*name).to_owned(), sum.clone().into());
        }
        fs::write(draft, serde_json::to_vec(&notes)?)?;
        fs::rename(draft, internal)
    }
}

const SHA256: &str = "checksum_sha256";
const CRC32: &str = "checksum_crc32";

/// Returns the name of the upload's checksum in the notes, if it declared one. Returns `None` if this module does
/// not know the checksum, or if the upload declared one over the whole object.
fn checksum_of(files: &UploadFiles) -> Option<Option<&'static str>> {
    let metadata = notes(&files.metadata())?;
    if text(&metadata, "checksum_type").is_some() {
        return None;
    }
    match text(&metadata, "checksum_algorithm") {
        None => Some(None),
        Some("SHA256") => Some(Some(SHA256)),
        Some("CRC32") => Some(Some(CRC32)),
        Some(_) => None,
    }
}

fn hasher_of(name: Option<&str>) -> ChecksumHasher {
    let mut hasher = ChecksumHasher::default();
    match name {
        Some(SHA256) => hasher.sha256 = Some(Default::default()),
        Some(CRC32) => hasher.crc32 = Some(Default::default()),
        _ => {}
    }
    hasher
}

fn checksum_in<'a>(part: &'a CompletedPart, name: &str) -> Option<&'a str> {
    match name {
        SHA256 => part.checksum_sha256.as_deref(),
        _ => part.checksum_crc32.as_deref(),
    }
}

/// Returns whether the request has a condition on a present object, or a checksum of the whole object.
fn asks_more(input: &CompleteMultipartUploadInput) -> bool {
    let CompleteMultipartUploadInput {
        checksum_crc32,
        checksum_crc32c,
        checksum_sha1,
        checksum_sha256,
        checksum_crc64nvme,
        checksum_type,
        if_match,
        ..
    } = input;
    let sums = [
        checksum_crc32,
        checksum_crc32c,
        checksum_sha1,
        checksum_sha256,
    ];
    sums.into_iter().any(Option::is_some)
        || checksum_crc64nvme.is_some()
        || checksum_type.is_some()
        || if_match.is_some()
}

fn notes(path: &Path) -> Option<Map<String, Value>> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn text<'a>(notes: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    notes.get(name)?.as_str()
}
