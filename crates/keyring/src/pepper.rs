//! The pepper: 32 secret bytes that the operator keeps outside of KMS and outside of the database. A KEK
//! row under KMS opens only with the KMS key and the pepper together.

use std::{
    fmt, fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use sealift_message::suite::KEY_LEN;
use zeroize::Zeroizing;

use crate::{derive::KeyBytes, random};

/// Much more than any spelling of a pepper takes. A longer file is another file.
const MOST_FILE_BYTES: u64 = 1024;

/// The prefix of a pepper in base64. [`Pepper::make`] writes this one.
const BASE64_PREFIX: &str = "base64:";
const HEX_PREFIX: &str = "hex:";
const FILE_PREFIX: &str = "file:";

/// 32 secret bytes and their version; wiped when the last clone is dropped, and never printed.
#[derive(Clone)]
pub struct Pepper {
    version: u32,
    key: Arc<KeyBytes>,
}

impl Pepper {
    /// Reads a pepper from the text of a setting: `base64:` or `hex:` and the 32 bytes, `file:` and the path
    /// of a file that holds one of these two or the 32 bytes themselves, or just 32 bytes.
    ///
    /// # Errors
    /// Fails with a [`PepperError`] if these are not exactly 32 bytes, or if the file cannot be read or other
    /// users may read it. The error never quotes the text.
    pub fn parse(version: u32, text: &str) -> Result<Self, PepperError> {
        if version == 0 {
            return Err(PepperError::VersionZero);
        }
        let key = match text.strip_prefix(FILE_PREFIX) {
            Some(path) => decode(&read(Path::new(path))?)?,
            None => decode(text.as_bytes())?,
        };
        Ok(Self {
            version,
            key: Arc::new(key),
        })
    }

    /// Makes the text of a new random pepper, in the form that [`Pepper::parse`] reads.
    ///
    /// # Errors
    /// Returns [`PepperError::Random`] if the operating system gives no random bytes.
    pub fn make() -> Result<Zeroizing<String>, PepperError> {
        let key = random::key().map_err(|_| PepperError::Random)?;
        let encoded = Zeroizing::new(BASE64.encode(key.as_slice()));
        Ok(Zeroizing::new(format!("{BASE64_PREFIX}{}", *encoded)))
    }

    /// Returns the version, from 1. A key row says which version it needs.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.key
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper(version {}, ..)", self.version)
    }
}

/// The peppers of a deployment: the one for new key rows and, while rows are moved from one pepper to the
/// next, the one before.
#[derive(Clone, Debug)]
pub struct Peppers {
    newest: Pepper,
    old: Option<Pepper>,
}

impl Peppers {
    /// Combines the pepper for new rows with the one before it.
    ///
    /// # Errors
    /// Returns [`PepperError::SameVersion`] if both have the same version, and [`PepperError::SamePepper`] if
    /// both have the same bytes.
    pub fn new(newest: Pepper, old: Option<Pepper>) -> Result<Self, PepperError> {
        if let Some(old) = &old {
            if old.version == newest.version {
                return Err(PepperError::SameVersion(old.version));
            }
            if old.bytes() == newest.bytes() {
                return Err(PepperError::SamePepper);
            }
        }
        Ok(Self { newest, old })
    }

    /// Returns the pepper for new rows.
    #[must_use]
    pub fn newest(&self) -> &Pepper {
        &self.newest
    }

    /// Returns the pepper of this version, if the deployment has it.
    #[must_use]
    pub fn of_version(&self, version: u32) -> Option<&Pepper> {
        let all = [Some(&self.newest), self.old.as_ref()];
        all.into_iter()
            .flatten()
            .find(|pepper| pepper.version == version)
    }

    /// Returns a pepper of another version than this one.
    pub(crate) fn other_than(&self, version: u32) -> Option<&Pepper> {
        let all = [Some(&self.newest), self.old.as_ref()];
        all.into_iter()
            .flatten()
            .find(|pepper| pepper.version != version)
    }
}

/// Says why a text is not a pepper. It never holds the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PepperError {
    /// The pepper is too short or too long.
    #[error(
        "the pepper has {got_bytes} bytes, but exactly 32 are needed; `sealift keys make-pepper` makes one, \
         and `base64:`, `hex:` or `file:` says how it is written"
    )]
    Length {
        /// Its length in bytes, after decoding.
        got_bytes: usize,
    },
    /// The text after `base64:` or `hex:` is not of that encoding.
    #[error("the pepper is not valid {encoding}; `sealift keys make-pepper` makes one")]
    Encoding {
        /// `base64` or `hex`.
        encoding: &'static str,
    },
    /// The file cannot be read.
    #[error("the pepper's file {} cannot be read ({kind}); check its path and its owner", path.display())]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The reason.
        kind: std::io::ErrorKind,
    },
    /// Other users have permissions on the file.
    #[error(
        "other users may read or write the pepper's file {}; remove their permissions (chmod 600)",
        .0.display()
    )]
    OthersMayRead(PathBuf),
    /// Version 0 stands for "no pepper".
    #[error("a pepper's version counts from 1")]
    VersionZero,
    /// Both peppers claim the same version, so that a row could not say which one it needs.
    #[error("both peppers have version {0}; give the new one a higher version")]
    SameVersion(u32),
    /// Both peppers are the same, so that rows moved to the new one would gain nothing.
    #[error("both peppers are the same; `sealift keys make-pepper` makes a new one")]
    SamePepper,
    /// The operating system returned no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

/// Decodes a pepper. The length counts after decoding, because 32 characters of base64 are only 24 bytes.
fn decode(text: &[u8]) -> Result<KeyBytes, PepperError> {
    let line = text.trim_ascii();
    let decoded = if let Some(encoded) = line.strip_prefix(BASE64_PREFIX.as_bytes()) {
        let decoded = BASE64.decode(encoded);
        decoded.map_err(|_| PepperError::Encoding { encoding: "base64" })?
    } else if let Some(encoded) = line.strip_prefix(HEX_PREFIX.as_bytes()) {
        let decoded = HEXLOWER_PERMISSIVE.decode(encoded);
        decoded.map_err(|_| PepperError::Encoding { encoding: "hex" })?
    } else {
        text.to_vec()
    };
    let decoded = Zeroizing::new(decoded);
    if decoded.len() != KEY_LEN {
        return Err(PepperError::Length {
            got_bytes: decoded.len(),
        });
    }
    let mut key = KeyBytes::default();
    key.copy_from_slice(&decoded);
    Ok(key)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PepperError> {
    let unreadable = |error: std::io::Error| PepperError::Unreadable {
        path: path.to_owned(),
        kind: error.kind(),
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    // The kind is checked first, because opening a pipe would wait for a writer.
    if !about.is_file() {
        return Err(unreadable(std::io::ErrorKind::InvalidInput.into()));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&about) & 0o077 != 0 {
        return Err(PepperError::OthersMayRead(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(MOST_FILE_BYTES).unwrap_or(0),
    ));
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MOST_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const RAW: &str = "0123456789abcdef0123456789ABCDEF";

    fn pepper(text: &str) -> Result<[u8; KEY_LEN], PepperError> {
        Pepper::parse(1, text).map(|pepper| *pepper.bytes())
    }

    fn file(folder: &tempfile::TempDir, bytes: &[u8], mode: u32) -> String {
        let path = folder.path().join("pepper");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        format!("file:{}", path.display())
    }

    #[test]
    fn every_spelling_gives_the_same_32_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let raw: [u8; KEY_LEN] = RAW.as_bytes().try_into().unwrap();
        let base64 = format!("base64:{}", BASE64.encode(&raw));
        let hex = format!("hex:{}", HEXLOWER_PERMISSIVE.encode(&raw));
        let upper = format!("hex:{}", HEXLOWER_PERMISSIVE.encode(&raw).to_uppercase());
        for text in [RAW, &base64, &hex, &upper] {
            assert_eq!(pepper(text), Ok(raw), "{text}");
            assert_eq!(pepper(&file(&folder, text.as_bytes(), 0o600)), Ok(raw));
        }
        let line = format!("{base64}\n");
        assert_eq!(pepper(&file(&folder, line.as_bytes(), 0o400)), Ok(raw));
    }

    #[test]
    fn a_pepper_of_random_bytes_in_a_file_may_hold_any_byte() {
        let folder = tempfile::tempdir().unwrap();
        let raw = [b'\n'; KEY_LEN];
        assert_eq!(pepper(&file(&folder, &raw, 0o600)), Ok(raw));
    }

    #[test]
    fn a_pepper_of_another_length_is_refused_with_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let short = format!("base64:{}", BASE64.encode(&[1; 16]));
        let cases: [(&str, usize); 6] = [
            ("", 0),
            ("a pepper", 8),
            ("123456789abcdef0123456789ABCDEF", 31),
            (&format!("{RAW}0"), 33),
            (&short, 16),
            ("hex:00", 1),
        ];
        for (text, got_bytes) in cases {
            assert_eq!(pepper(text), Err(PepperError::Length { got_bytes }));
        }
        let refused = pepper(&file(&folder, &[1; 2000], 0o600));
        assert!(matches!(refused, Err(PepperError::Length { .. })));
        let sentence = pepper(&short).unwrap_err().to_string();
        assert!(sentence.contains("16 bytes") && sentence.contains("make-pepper"));
    }

    #[test]
    fn a_pepper_in_a_wrong_encoding_is_refused_and_not_quoted() {
        for text in ["base64:secret!", "hex:secret", "hex:0", "base64:c2VjcmV0c"] {
            let error = pepper(text).unwrap_err();
            assert!(matches!(error, PepperError::Encoding { .. }), "{text}");
            assert!(!format!("{error} {error:?}").contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o640, 0o604, 0o660] {
            let refused = pepper(&file(&folder, RAW.as_bytes(), mode));
            assert!(matches!(refused, Err(PepperError::OthersMayRead(_))));
        }
        for none in [folder.path().display().to_string(), "/no/file".to_owned()] {
            let refused = pepper(&format!("file:{none}"));
            assert!(matches!(refused, Err(PepperError::Unreadable { .. })));
        }
    }

    #[test]
    fn a_made_pepper_is_read_again_and_is_never_the_same() {
        let (one, other) = (Pepper::make().unwrap(), Pepper::make().unwrap());
        assert!(pepper(&one).is_ok());
        assert_ne!(pepper(&one), pepper(&other));
    }

    #[test]
    fn two_peppers_have_two_versions_and_differ() {
        let one = Pepper::parse(1, RAW).unwrap();
        let other = Pepper::parse(1, &RAW.to_lowercase()).unwrap();
        let refused = Peppers::new(one.clone(), Some(other.clone())).unwrap_err();
        assert_eq!(refused, PepperError::SameVersion(1));
        let same = Pepper::parse(2, RAW).unwrap();
        let refused = Peppers::new(same.clone(), Some(one)).unwrap_err();
        assert_eq!(refused, PepperError::SamePepper);
        let both = Peppers::new(same, Some(other)).unwrap();
        assert_eq!(both.newest().version(), 2);
        assert_eq!(both.of_version(1).unwrap().version(), 1);
        assert!(both.of_version(3).is_none());
    }

    #[test]
    fn a_pepper_is_not_printed() {
        let pepper = Pepper::parse(7, RAW).unwrap();
        assert_eq!(format!("{pepper:?}"), "Pepper(version 7, ..)");
    }

    #[test]
    fn version_0_is_refused() {
        let refused = Pepper::parse(0, RAW).map(drop);
        assert_eq!(refused, Err(PepperError::VersionZero));
    }
}
