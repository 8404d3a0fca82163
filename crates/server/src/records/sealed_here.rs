//! Uploads that the server seals itself, from a body whose end nobody knows before it comes.

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

impl Records {
    /// Keeps a part that the server is going to send: durable before it does (FORMAT.md R2), as
    /// what clients are given signatures for. Until `sent_until_ms` it may still arrive.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn keep_sealed_part(
        &self,
        scope: &Scope,
        upload_id: &UploadId,
        part: (PartReceipt, u64),
        now_ms: i64,
        new_expires_at_ms: i64,
        sent_until_ms: i64,
    ) -> Result<SignedRows, RecordsError> {
        let ends = SignedUntil {
            expires_at_ms: new_expires_at_ms,
            signatures_end_at_ms: sent_until_ms,
        };
        let by = SealedBy::TheServer;
        self.keep_parts(by, scope, upload_id, &[part], now_ms, ends)
            .await
    }

    /// The body has ended: sets the plan that it was opened with to what came. Only while it is
    /// `open`, and shorter or as long; `false`: it is not so any more.
    ///
    /// # Errors
    /// [`RecordsError`].
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
