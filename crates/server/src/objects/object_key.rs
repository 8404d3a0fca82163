//! Object keys: `<prefix>/<tenant>/<object-id>/<upload-id>` (docs/FORMAT.md, names that are for ever).

use core::{fmt, str::FromStr};

use sealift_transfer::api::{FileId, TenantId, UploadId};

/// The key of an object in the bucket. Each is used once. It holds no file name, so it may be
/// logged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Makes the one object key for the ciphertext of this upload.
    #[must_use]
    pub fn of(prefix: &KeyPrefix, tenant: &TenantId, file: &FileId, upload: &UploadId) -> Self {
        Self(format!("{prefix}/{tenant}/{file}/{upload}"))
    }

    /// Takes an object key from a record.
    #[must_use]
    pub fn from_record(key: String) -> Self {
        Self(key)
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a server with this prefix makes such keys, for an upload or for the probe.
    /// Any other key under the prefix belongs to somebody else.
    #[must_use]
    pub fn is_of(&self, prefix: &KeyPrefix) -> bool {
        let rest = self.0.strip_prefix(prefix.as_str());
        let rest = rest.and_then(|rest| rest.strip_prefix('/'));
        let mut segments = rest.unwrap_or_default().split('/');
        match (
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ) {
            (Some("probe"), Some(name), None, None) => name.parse::<UploadId>().is_ok(),
            (Some(tenant), Some(file), Some(upload), None) => {
                tenant.parse::<TenantId>().is_ok()
                    && file.parse::<FileId>().is_ok()
                    && upload.parse::<UploadId>().is_ok()
            }
            _ => false,
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectKey({})", self.0)
    }
}

/// The first part of every object key of this deployment: segments of `a-z 0-9 - _`, joined by `/`,
/// at most 64 characters. S3 signs keys unescaped, so the prefix has no character that needs
/// escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPrefix(String);

/// The error for a prefix that object keys may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("segments of a-z, 0-9, '-' and '_' joined by '/', at most 64 characters")]
pub struct NotAKeyPrefix;

impl KeyPrefix {
    /// Returns the prefix without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyPrefix {
    type Err = NotAKeyPrefix;

    fn from_str(text: &str) -> Result<Self, NotAKeyPrefix> {
        let allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(allowed);
        if text.len() <= 64 && text.split('/').all(is_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAKeyPrefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_prefix_tenant_object_id_and_upload_id() {
        let prefix = "sealift/eu".parse().unwrap();
        let file = FileId::from_random([1; 16]);
        let upload = UploadId::from_random([2; 16]);
        let key = ObjectKey::of(&prefix, &"acme".parse().unwrap(), &file, &upload);
        assert_eq!(key.as_str(), format!("sealift/eu/acme/{file}/{upload}"));
    }

    #[test]
    fn a_key_that_no_server_makes_is_nobodys_here() {
        let prefix: KeyPrefix = "sealift/eu".parse().unwrap();
        let id = UploadId::from_random([2; 16]);
        let is_of = |key: String| ObjectKey::from_record(key).is_of(&prefix);
        assert!(is_of(format!("sealift/eu/acme/{id}/{id}")));
        assert!(is_of(format!("sealift/eu/probe/{id}")));
        for foreign in [
            format!("sealift/eu2/acme/{id}/{id}"),
            format!("sealift/acme/{id}/{id}"),
            format!("sealift/eu/acme/{id}/{id}/more"),
            format!("sealift/eu/Acme/{id}/{id}"),
            format!("sealift/eu/acme/{id}"),
            format!("sealift/eu/acme/{id}/backup.zip"),
            format!("{id}/{id}/{id}"),
            "sealift/eu/sealift.deployment".to_owned(),
            "sealift/eu".to_owned(),
        ] {
            assert!(!is_of(foreign.clone()), "{foreign}");
        }
    }

    #[test]
    fn a_prefix_cannot_climb_or_need_escaping() {
        let long = "a".repeat(65);
        for bad in [
            "", "/", "a/", "/a", "a//b", "..", "a/../b", "A", "a b", "ä", "a%2f", &long,
        ] {
            assert!(bad.parse::<KeyPrefix>().is_err(), "{bad}");
        }
    }
}
