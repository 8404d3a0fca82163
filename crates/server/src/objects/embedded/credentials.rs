//! The embedded store's credentials. They are random, made once, and kept beside the key file,
//! where only the file's owner can read them. They must stay the same, because s3s-fs ties an
//! unfinished upload to the access key that began it.

use std::{
    fmt, fs, io,
    io::{Read as _, Write as _},
    path::Path,
};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::EmbeddedError;

/// An access key and its secret, which is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedCredentials {
    access_key: String,
    secret_key: String,
}

impl fmt::Debug for EmbeddedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmbeddedCredentials(..)")
    }
}

/// The problems that the credentials' file can have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsProblem {
    /// Other users may read or write the file; a key file with this fault is refused too.
    #[error("others may read or write it; take their rights away (chmod 600)")]
    OthersMayRead,
    /// Somebody edited the file.
    #[error("its content was changed; put the old file back or, if no upload is open, delete it")]
    Altered,
    /// The operating system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The operating system gave no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

impl EmbeddedCredentials {
    /// Reads the file, or makes it with random credentials if it is absent. Missing folders are
    /// created.
    ///
    /// # Errors
    /// Returns [`EmbeddedError::Credentials`] if the file cannot be used or made.
    pub fn keep_in(file: &Path) -> Result<Self, EmbeddedError> {
        read_or_make(file).map_err(|problem| EmbeddedError::Credentials(file.to_owned(), problem))
    }

    /// Makes credentials from 52 random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 52]) -> Self {
        let (name, secret) = random.split_at(20);
        Self {
            access_key: format!("SEALIFT{}", BASE32_NOPAD.encode(name)),
            secret_key: BASE64URL_NOPAD.encode(secret),
        }
    }

    pub(super) fn access_key(&self) -> &str {
        &self.access_key
    }

    pub(super) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// Returns access key and secret key, for the client side in objects/s3.rs.
    pub(in crate::objects) fn pair(&self) -> (&str, &str) {
        (&self.access_key, &self.secret_key)
    }
}

fn read_or_make(file: &Path) -> Result<EmbeddedCredentials, CredentialsProblem> {
    match read(file) {
        Err(CredentialsProblem::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            match make(file) {
                // Another process made the file in the meantime, so use that one.
                Err(CredentialsProblem::Io(error))
                    if error.kind() == io::ErrorKind::AlreadyExists =>
                {
                    read(file)
                }
                made => made,
            }
        }
        found => found,
    }
}

fn read(file: &Path) -> Result<EmbeddedCredentials, CredentialsProblem> {
    let mut opened = fs::File::open(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if opened.metadata()?.mode() & 0o077 != 0 {
            return Err(CredentialsProblem::OthersMayRead);
        }
    }
    let mut text = Zeroizing::new(String::new());
    opened.read_to_string(&mut text)?;
    let credentials: EmbeddedCredentials =
        serde_json::from_str(&text).map_err(|_| CredentialsProblem::Altered)?;
    if credentials.access_key.is_empty() || credentials.secret_key.is_empty() {
        return Err(CredentialsProblem::Altered);
    }
    Ok(credentials)
}

fn make(file: &Path) -> Result<EmbeddedCredentials, CredentialsProblem> {
    let mut random = Zeroizing::new([0_u8; 52]);
    getrandom::fill(random.as_mut_slice()).map_err(|_| CredentialsProblem::Random)?;
    let credentials = EmbeddedCredentials::from_random(&random);
    let text = Zeroizing::new(
        serde_json::to_string(&credentials).map_err(|_| CredentialsProblem::Altered)?,
    );

    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // The file is written under another name and then linked into place, so that a reader never
    // sees half of it and only one of two writers wins.
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let draft = folder
        .unwrap_or(Path::new("."))
        .join(format!(".{}.draft", credentials.access_key));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&draft)
        .and_then(|mut opened| {
            opened.write_all(text.as_bytes())?;
            opened.sync_all()
        })
        .and_then(|()| fs::hard_link(&draft, file));
    fs::remove_file(&draft)?;
    written?;
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_made_once_and_stay_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/s3-credentials.json");
        let first = EmbeddedCredentials::keep_in(&file).unwrap();
        assert_eq!(EmbeddedCredentials::keep_in(&file).unwrap(), first);
        let elsewhere = folder.path().join("other.json");
        assert!(EmbeddedCredentials::keep_in(&elsewhere).unwrap() != first);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_credentials() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s3-credentials.json");
        EmbeddedCredentials::keep_in(&file).unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            EmbeddedCredentials::keep_in(&file),
            Err(EmbeddedError::Credentials(
                _,
                CredentialsProblem::OthersMayRead
            ))
        ));
    }

    #[test]
    fn credentials_do_not_print() {
        let credentials = EmbeddedCredentials::from_random(&[7; 52]);
        assert_eq!(format!("{credentials:?}"), "EmbeddedCredentials(..)");
    }
}
