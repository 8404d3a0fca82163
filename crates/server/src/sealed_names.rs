//! Seals and opens names, metadata and the SHA-256 of the plaintext. They are sealed at rest,
//! because names are personal data and a hash confirms a guess about the content. Each is bound to
//! its field and to the file's id, so that it opens in no other row.
//!
//! A field that does not open is reported as unreadable, so that one damaged row does not fail a
//! whole list.

use sealift_transfer::api::{FileId, TenantId, UnreadableField, Verification};
use zeroize::Zeroizing;

use crate::{
    app::App,
    keys::KeysError,
    records::{FileRow, KeptVerification},
};

/// The sealed fields, as the row stores them.
#[derive(Debug)]
pub(crate) struct SealedPersonal {
    pub(crate) name: Vec<u8>,
    pub(crate) metadata: Option<Vec<u8>>,
}

fn name_bound_to(file: &FileId) -> String {
    format!("name:{file}")
}

fn metadata_bound_to(file: &FileId) -> String {
    format!("metadata:{file}")
}

fn sha256_bound_to(file: &FileId) -> String {
    format!("plaintext-sha256:{file}")
}

pub(crate) async fn seal(
    app: &App,
    tenant: &TenantId,
    file: &FileId,
    name: &str,
    metadata: Option<&serde_json::Value>,
) -> Result<SealedPersonal, KeysError> {
    let bound_to = name_bound_to(file);
    let name = app
        .keys
        .seal_record(tenant, &bound_to, name.as_bytes())
        .await?;
    let metadata = match metadata {
        Some(metadata) => {
            let text = metadata.to_string();
            let bound_to = metadata_bound_to(file);
            Some(
                app.keys
                    .seal_record(tenant, &bound_to, text.as_bytes())
                    .await?,
            )
        }
        None => None,
    };
    Ok(SealedPersonal { name, metadata })
}

/// Seals name and metadata of a file again, under the tenant's newest key. A field that cannot be read stays as it is.
///
/// # Errors
/// Fails if a key is not available now.
pub(crate) async fn seal_again(app: &App, file: &FileRow) -> Result<SealedPersonal, KeysError> {
    let id = &file.file_id;
    let name = sealed_again(app, file, &name_bound_to(id), &file.name).await?;
    let metadata = match &file.metadata {
        Some(sealed) => Some(sealed_again(app, file, &metadata_bound_to(id), sealed).await?),
        None => None,
    };
    Ok(SealedPersonal { name, metadata })
}

async fn sealed_again(
    app: &App,
    file: &FileRow,
    bound_to: &str,
    sealed: &[u8],
) -> Result<Vec<u8>, KeysError> {
    let tenant = &file.scope.tenant;
    let opener = Opener::new(app, tenant, &file.file_id);
    match opener.opened(bound_to, sealed).await? {
        Some(opened) => app.keys.seal_record(tenant, bound_to, &opened).await,
        None => Ok(sealed.to_vec()),
    }
}

/// Seals the SHA-256 of a file's plaintext, in the form in which [`FileRow`] stores it.
pub(crate) async fn seal_sha256(
    app: &App,
    tenant: &TenantId,
    file: &FileId,
    sha256: &[u8; 32],
) -> Result<Vec<u8>, KeysError> {
    let bound_to = sha256_bound_to(file);
    app.keys.seal_record(tenant, &bound_to, sha256).await
}

/// Opens the SHA-256 of a file's plaintext that the last pass over all frames found. Returns `None` if there is none
/// that can be read.
///
/// # Errors
/// Fails if the key is not available now.
pub(crate) async fn kept_sha256(app: &App, file: &FileRow) -> Result<Option<[u8; 32]>, KeysError> {
    let KeptVerification::Verified { sealed_sha256, .. } = &file.verification else {
        return Ok(None);
    };
    let opener = Opener::new(app, &file.scope.tenant, &file.file_id);
    let bound_to = sha256_bound_to(&file.file_id);
    let opened = opener.opened(&bound_to, sealed_sha256).await?;
    Ok(opened.and_then(|sha256| sha256.as_slice().try_into().ok()))
}

/// Opens the fields of one row, and collects those that do not open.
pub(crate) struct Opener<'a> {
    app: &'a App,
    tenant: &'a TenantId,
    file: &'a FileId,
    unreadable: Vec<UnreadableField>,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(app: &'a App, tenant: &'a TenantId, file: &'a FileId) -> Self {
        Self {
            app,
            tenant,
            file,
            unreadable: Vec::new(),
        }
    }

    /// Returns the fields that could not be read.
    pub(crate) fn into_unreadable(self) -> Vec<UnreadableField> {
        self.unreadable
    }

    /// Notes a field that cannot be read, and logs a warning.
    pub(crate) fn note_unreadable(&mut self, field: UnreadableField) {
        let file = self.file;
        tracing::warn!(file.id = %file, ?field, "A field of the record of {file} cannot be read: its row or its key was damaged");
        self.unreadable.push(field);
    }

    /// Opens the name. Returns "" if the name cannot be read.
    ///
    /// # Errors
    /// Fails if the key is not available now, which says nothing about the row.
    pub(crate) async fn name(&mut self, sealed: &[u8]) -> Result<String, KeysError> {
        let opened = self.opened(&name_bound_to(self.file), sealed).await?;
        let name = opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        Ok(self.or_unreadable(UnreadableField::Name, name))
    }

    /// Opens the caller's own metadata. Returns `None` if it cannot be read.
    ///
    /// # Errors
    /// Fails like [`Self::name`].
    pub(crate) async fn metadata(
        &mut self,
        sealed: Option<&[u8]>,
    ) -> Result<Option<serde_json::Value>, KeysError> {
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let opened = self.opened(&metadata_bound_to(self.file), sealed).await?;
        let metadata = opened.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(self.or_unreadable(UnreadableField::Metadata, metadata.map(Some)))
    }

    /// Opens the result of the pass over all frames. Returns `Unknown` if it cannot be read.
    ///
    /// # Errors
    /// Fails like [`Self::name`].
    pub(crate) async fn verification(
        &mut self,
        kept: KeptVerification,
    ) -> Result<Verification, KeysError> {
        let (at, sealed) = match kept {
            KeptVerification::Pending => return Ok(Verification::Pending),
            KeptVerification::Failed { at, code } => {
                let at_ms = at.get();
                return Ok(Verification::Failed { at_ms, code });
            }
            KeptVerification::Verified { at, sealed_sha256 } => (at, sealed_sha256),
        };
        let opened = self.opened(&sha256_bound_to(self.file), &sealed).await?;
        if let Some(sha256) = opened {
            return Ok(Verification::Verified {
                at_ms: at.get(),
                plaintext_sha256: data_encoding::HEXLOWER.encode(&sha256),
            });
        }
        self.note_unreadable(UnreadableField::Verification);
        Ok(Verification::Unknown)
    }

    /// Opens one field. Returns `None` if it will never open.
    async fn opened(
        &self,
        bound_to: &str,
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeysError> {
        match self
            .app
            .keys
            .open_record(self.tenant, bound_to, sealed)
            .await
        {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.is_damage() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn or_unreadable<T: Default>(&mut self, field: UnreadableField, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.note_unreadable(field);
            T::default()
        })
    }
}

/// Returns the name under which a file is saved: its id if the name cannot be read.
///
/// # Errors
/// Fails if the key is not available now.
pub(crate) async fn name_to_save(app: &App, file: &FileRow) -> Result<String, KeysError> {
    let mut opener = Opener::new(app, &file.scope.tenant, &file.file_id);
    let name = opener.name(&file.name).await?;
    match opener.into_unreadable().is_empty() {
        true => Ok(name),
        false => Ok(file.file_id.to_string()),
    }
}
