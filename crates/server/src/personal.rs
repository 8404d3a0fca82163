//! Names and metadata: sealed at rest, since file names are personal data too (DESIGN.md 4).
//! Bound to the file's id, so that a row's name does not open in another row.

use sealift_transfer::api::{FileId, TenantId};

use crate::{
    app::App,
    keys::KeysError,
    problem::{self, Refusal},
};

/// Sealed, as the row keeps it.
#[derive(Debug)]
pub(crate) struct SealedPersonal {
    pub(crate) name: Vec<u8>,
    pub(crate) metadata: Option<Vec<u8>>,
}

fn name_place(file: &FileId) -> String {
    format!("name:{file}")
}

fn metadata_place(file: &FileId) -> String {
    format!("metadata:{file}")
}

pub(crate) async fn seal(
    app: &App,
    tenant: &TenantId,
    file: &FileId,
    name: &str,
    metadata: Option<&serde_json::Value>,
) -> Result<SealedPersonal, KeysError> {
    let place = name_place(file);
    let name = app
        .keys
        .seal_record(tenant, &place, name.as_bytes())
        .await?;
    let metadata = match metadata {
        Some(metadata) => {
            let text = metadata.to_string();
            let place = metadata_place(file);
            Some(
                app.keys
                    .seal_record(tenant, &place, text.as_bytes())
                    .await?,
            )
        }
        None => None,
    };
    Ok(SealedPersonal { name, metadata })
}

/// Empty where the sweeper emptied the row: what is sealed never is.
pub(crate) async fn open_name(
    app: &App,
    tenant: &TenantId,
    file: &FileId,
    sealed: &[u8],
) -> Result<String, Refusal> {
    if sealed.is_empty() {
        return Ok(String::new());
    }
    let name = app
        .keys
        .open_record(tenant, &name_place(file), sealed)
        .await?;
    String::from_utf8(name.to_vec()).map_err(|_| problem::internal())
}

pub(crate) async fn open_metadata(
    app: &App,
    tenant: &TenantId,
    file: &FileId,
    sealed: &[u8],
) -> Result<serde_json::Value, Refusal> {
    let place = metadata_place(file);
    let metadata = app.keys.open_record(tenant, &place, sealed).await?;
    serde_json::from_slice(&metadata).map_err(|_| problem::internal())
}
