//! Uploads that the server seals itself, from a body whose length is unknown until it has ended.

use sealift_transfer::{
    PartPlan,
    api::{PartReceipt, UploadId},
};
use sqlx::query;

use super::{
    Records, RecordsError, Scope, SignedRows,
    columns::bigint,
    parts::{SealedBy, SignedUntil},
};
use crate::unix_millis::UnixMillis;

impl Records {
    /// Saves a part that the server is going to send. The row is durable before the server sends the
    /// part, as a client's part is before its signature leaves (docs/FORMAT.md, R2). The part may arrive in
    /// the store until `sent_until`.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn keep_sealed_part(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
        part: (PartReceipt, u64),
        now: UnixMillis,
        new_expires_at: UnixMillis,
        sent_until: UnixMillis,
    ) -> Result<SignedRows, RecordsError> {
        let ends = SignedUntil {
            expires_at: new_expires_at,
            signatures_end_at: sent_until,
        };
        let by = SealedBy::TheServer;
        self.keep_parts(by, scope, upload_id, &[part], now, ends)
            .await
    }

    /// Replaces the plan that the upload was opened with by the plan of the body that came. Returns
    /// `false` and changes nothing unless the upload is `open`, belongs to the current epoch, and the
    /// new plan is no longer than the old one.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not commit the change.
    pub async fn end_sealing(
        &self,
        upload_id: &UploadId,
        plan: &PartPlan,
    ) -> Result<bool, RecordsError> {
        let layout = plan.layout();
        let change = query(
            "UPDATE uploads SET frame_count = $2, plaintext_len = $3, sealed_len = $4
             WHERE upload_id = $1 AND state = 'open' AND is_sealed_here
             AND header_len = $5 AND frame_length = $6 AND frames_per_part = $7
             AND plaintext_len >= $3 AND epoch = (SELECT epoch FROM deployment)",
        );
        let change = change
            .bind(upload_id.to_string())
            .bind(bigint(layout.frame_count())?)
            .bind(bigint(layout.plaintext_len())?)
            .bind(bigint(layout.sealed_len())?)
            .bind(bigint(layout.header_len())?)
            .bind(i64::from(layout.frame_length().get()))
            .bind(bigint(plan.frames_per_part())?);
        self.writer.changes(change).await
    }
}
