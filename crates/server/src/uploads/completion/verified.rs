//! Makes the verification of a file of few frames: its completion has opened all of them.

use crate::{
    app::App,
    records::{AuditAction, AuditRow, UploadRow, VerifiedObject},
    sealed_names,
};

/// Returns the verification of a file whose frames were all opened just now. Returns `None` if its hash cannot be
/// sealed now: then the verifier opens the frames again.
pub(super) async fn verified(
    app: &App,
    upload: &UploadRow,
    sha256: &[u8; 32],
) -> Option<VerifiedObject> {
    let (tenant, file_id) = (&upload.scope.tenant, &upload.file_id);
    let sealed = sealed_names::seal_sha256(app, tenant, file_id, sha256).await;
    Some(VerifiedObject {
        sealed_sha256: sealed.ok()?,
        audited: AuditRow {
            at: app.now(),
            request_id: None,
            scope: Some(upload.scope.clone()),
            via: AuditRow::VIA_VERIFIER,
            credential: None,
            action: AuditAction::VerifyFile,
            subject: Some(file_id.to_string()),
            outcome: "ok",
        },
    })
}
