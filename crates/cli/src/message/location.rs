//! The location of a message, as it is written on the command line.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
};

use crate::terminal::shown;

/// A file, stdin, or an object in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    File(PathBuf),
    Stdin,
    S3(S3Url),
}

/// An object, written `s3://bucket/key`. The object key is used unchanged; it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Url {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

#[derive(Debug, thiserror::Error)]
#[error("write an object as s3://bucket/key")]
pub(crate) struct NotAnS3Url;

impl TryFrom<&OsStr> for Location {
    type Error = NotAnS3Url;

    fn try_from(text: &OsStr) -> Result<Self, Self::Error> {
        if text == "-" {
            return Ok(Self::Stdin);
        }
        let Some(object) = text.to_str().and_then(|text| text.strip_prefix("s3://")) else {
            return Ok(Self::File(text.into()));
        };
        match object.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Self::S3(S3Url {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            })),
            _ => Err(NotAnS3Url),
        }
    }
}

impl Location {
    /// Returns the location as it was written, for programs.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Stdin => "-".to_owned(),
            Self::S3(url) => format!("s3://{}/{}", url.bucket, url.key),
        }
    }

    /// Returns the name without its folders. Returns `None` for stdin, and for an object whose name would not be a
    /// plain file name.
    pub(crate) fn name(&self) -> Option<OsString> {
        match self {
            Self::File(path) => path.file_name().map(OsStr::to_owned),
            Self::Stdin => None,
            Self::S3(url) => {
                let (_, name) = url.key.rsplit_once('/').unwrap_or(("", &url.key));
                let is_a_name = !name.is_empty()
                    // This excludes `.`, `..` and hidden files, such as those that a shell runs.
                    && !name.starts_with('.')
                    && !name.contains(['\\', ':'])
                    && shown(name) == name;
                is_a_name.then(|| name.into())
            }
        }
    }
}

impl fmt::Display for Location {
    /// Writes the location for people, safe for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("stdin"),
            Self::File(_) | Self::S3(_) => f.write_str(&shown(&self.text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(text: &str) -> Location {
        Location::try_from(OsStr::new(text)).unwrap()
    }

    #[test]
    fn objects_stdin_and_files_are_told_apart() {
        let url = |bucket: &str, key: &str| {
            Location::S3(S3Url {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            })
        };
        assert_eq!(location("s3://b/a/%20/c"), url("b", "a/%20/c"));
        assert_eq!(location("-"), Location::Stdin);
        assert_eq!(location("./-"), Location::File("./-".into()));
        for wrong in ["s3://", "s3://bucket", "s3://bucket/", "s3:///key"] {
            assert!(Location::try_from(OsStr::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_hostile_object_key_is_no_name_of_a_file() {
        for (text, name) in [
            ("s3://b/a/c", Some("c")),
            ("s3://b/c", Some("c")),
            ("s3://b/a/..", None),
            ("s3://b/a/", None),
            ("s3://b/a/.profile.sealed", None),
            ("s3://b/a\\c", None),
            ("s3://b/a\u{1b}c", None),
            ("-", None),
            ("folder/c.sealed", Some("c.sealed")),
        ] {
            assert_eq!(location(text).name(), name.map(OsString::from), "{text}");
        }
    }
}
