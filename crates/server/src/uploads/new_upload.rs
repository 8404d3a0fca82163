//! Writes the row of a new upload, for the route that opens one and for bodies that are sealed here. The
//! header and the ids are durable when it returns, so that parts may leave (docs/FORMAT.md, R1).

use sealift_transfer::{PartPlan, api::open::Method};
use serde_json::Value;

use super::new_message::MessageIds;
use crate::{
    app::App,
    caller::Caller,
    objects::ObjectKey,
    problem::{self, Refusal},
    records::{AddedUpload, AuditAction, FileRow, NewUpload, UploadRow},
    sealed_names,
    unix_millis::UnixMillis,
};

/// The properties of a new upload that are not made here.
#[derive(Debug)]
pub(crate) struct NewFile<'a> {
    pub(crate) ids: MessageIds,
    pub(crate) s3_key: ObjectKey,
    pub(crate) header: Vec<u8>,
    pub(crate) plan: PartPlan,
    pub(crate) method: Method,
    pub(crate) expires_at: UnixMillis,
    /// The name as the person knows it. A file that is sealed again has its name in its record.
    pub(crate) name: &'a str,
    pub(crate) content_type: Option<String>,
    pub(crate) origin: Origin<'a>,
}

/// The way in which the file comes.
#[derive(Debug)]
pub(crate) enum Origin<'a> {
    /// A client seals the file.
    Client {
        client_token: String,
        /// The keyed fingerprint of the opening request.
        request_mac: Vec<u8>,
        metadata: Option<&'a Value>,
        reference: Option<String>,
        last_modified_ms: Option<i64>,
    },
    /// The server seals the body while it arrives.
    SealedHere,
    /// The server seals this file again. Limits on what a caller opens do not apply.
    Resealed(&'a FileRow),
}

/// The result of [`add`].
#[derive(Debug)]
pub(crate) enum Added {
    Added,
    /// The client token has an upload already; nothing was written.
    SameToken(Box<UploadRow>),
}

/// Seals the names and writes the row together with its audit row.
///
/// # Errors
/// Returns `too_many_requests` if the owner has too many open uploads, and fails if the keyring or the
/// database does.
pub(crate) async fn add(app: &App, caller: &Caller, file: NewFile<'_>) -> Result<Added, Refusal> {
    let ids = file.ids;
    let is_sealed_here = !matches!(file.origin, Origin::Client { .. });
    let resealed = match file.origin {
        Origin::Resealed(resealed) => Some(resealed),
        Origin::Client { .. } | Origin::SealedHere => None,
    };
    let (client_token, request_mac, metadata, reference, last_modified_ms) = match file.origin {
        Origin::Client {
            client_token,
            request_mac,
            metadata,
            reference,
            last_modified_ms,
        } => (
            client_token,
            request_mac,
            metadata,
            reference,
            last_modified_ms,
        ),
        // No client can use this token, because clients' tokens have no colon.
        Origin::SealedHere | Origin::Resealed(_) => {
            let token = format!("sealed-here:{}", ids.upload_id);
            (token, Vec::new(), None, None, None)
        }
    };
    let tenant = &caller.scope.tenant;
    let sealed = match resealed {
        Some(resealed) => sealed_names::seal_again(app, resealed).await?,
        None => sealed_names::seal(app, tenant, &ids.file_id, file.name, metadata).await?,
    };
    let id = ids.upload_id.clone();
    let new = NewUpload {
        upload_id: ids.upload_id,
        file_id: ids.file_id,
        scope: caller.scope.clone(),
        client_token,
        request_mac,
        message_id: ids.message_id,
        header: file.header,
        plan: file.plan,
        method: file.method,
        is_sealed_here,
        reseals: resealed.map(|resealed| resealed.upload_id.clone()),
        s3_key: file.s3_key,
        bucket: app.objects.bucket().to_owned(),
        encrypted_dek: ids.encrypted_dek,
        name: sealed.name,
        metadata: sealed.metadata,
        content_type: file.content_type,
        reference,
        last_modified_ms,
        opened_at: app.now(),
        expires_at: file.expires_at,
    };
    let most_open = match resealed {
        Some(_) => u32::MAX,
        None => app.config.limits.open_uploads,
    };
    let audited = app.audit_row(caller, AuditAction::OpenUpload, id.as_str(), "ok");
    match app.records.add_upload(new, most_open, audited).await? {
        AddedUpload::Added => {
            app.metrics.uploads_opened.inc();
            Ok(Added::Added)
        }
        AddedUpload::SameToken(before) => Ok(Added::SameToken(before)),
        AddedUpload::TooManyOpen => Err(problem::too_many_open(most_open)),
    }
}
