//! Sends sealed parts one after the other to the store, while the next one is being sealed.

use core::{mem, time::Duration};
use std::collections::VecDeque;

use futures::future::join_all;
use sealift_message::VerifiedHeader;
use sealift_transfer::{
    PartNumber, PartPlan,
    api::{PartReceipt, PartReceipts, ProblemCode, open::Method},
};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::{ComingFile, SealedBody, len_of, message::SealedPart};
use crate::{
    app::App,
    caller::Caller,
    lifetimes,
    objects::{ObjectKey, ObjectsError, PRESIGNED_FOR, S3UploadId},
    problem::{self, Refusal},
    records::SignedRows,
    uploads::{
        abort,
        new_message::MessageIds,
        new_upload::{self, Added, NewFile, Origin},
    },
};

/// The part of a sealing that talks to the store and the records, for one upload.
pub(super) struct Sender {
    app: App,
    caller: Caller,
    ids: MessageIds,
    header: Vec<u8>,
    coming: ComingFile,
    /// The part plan of the longest message that may arrive.
    plan: PartPlan,
    s3_key: ObjectKey,
    /// Whether the upload has a row. Only then is there anything to abort.
    is_kept: bool,
    s3_upload_id: Option<S3UploadId>,
    receipts: PartReceipts,
    /// The parts on their way, in order.
    sending: VecDeque<Sending>,
}

/// A part on its way. Dropping this value aborts the request.
type Sending = AbortOnDropHandle<Result<(), ObjectsError>>;

impl Sender {
    pub(super) fn new(
        app: &App,
        caller: &Caller,
        verified: &VerifiedHeader,
        ids: MessageIds,
        coming: ComingFile,
        plan: PartPlan,
    ) -> Self {
        let tenant = &caller.scope.tenant;
        Self {
            s3_key: app.objects.object_key(tenant, &ids.file_id, &ids.upload_id),
            header: verified.header().as_bytes().to_vec(),
            app: app.clone(),
            caller: caller.clone(),
            ids,
            coming,
            plan,
            is_kept: false,
            s3_upload_id: None,
            receipts: PartReceipts::default(),
            sending: VecDeque::new(),
        }
    }

    /// Sends a part that is not the last. Returns when only so many parts are on their way as may be.
    pub(super) async fn send(&mut self, part: SealedPart) -> Result<(), Refusal> {
        if !self.is_kept {
            self.open(Method::Multipart, self.plan).await?;
            self.begin_multipart().await?;
        }
        let Some(s3_upload_id) = self.s3_upload_id.clone() else {
            return Err(problem::internal());
        };
        self.keep(&part).await?;
        self.sent_but(self.most_sending().saturating_sub(1)).await?;
        let (objects, key) = (self.app.objects.clone(), self.s3_key.clone());
        let put = async move {
            let SealedPart {
                number,
                sealed,
                sha256,
            } = part;
            let put = objects.put_part(&key, &s3_upload_id, number, sealed, &sha256);
            put.await
        };
        let put = tokio::spawn(put.in_current_span());
        self.sending.push_back(AbortOnDropHandle::new(put));
        Ok(())
    }

    /// Sends the last part, or the whole object as one PUT if it is the only part.
    pub(super) async fn finish(
        &mut self,
        last: SealedPart,
        plan: PartPlan,
    ) -> Result<SealedBody, Refusal> {
        if last.number == PartNumber::FIRST {
            self.open(Method::Single, plan).await?;
            self.keep(&last).await?;
            let put = self
                .app
                .objects
                .put_object(&self.s3_key, last.sealed, &last.sha256);
            put.await?;
        } else {
            self.send(last).await?;
            self.sent_but(0).await?;
            let ended = self.app.records.end_sealing(&self.ids.upload_id, &plan);
            if !ended.await? {
                return Err(ended_meanwhile());
            }
        }
        let parts_sha256 = self.receipts.digest(plan.part_count());
        Ok(SealedBody {
            upload_id: self.ids.upload_id.clone(),
            file_id: self.ids.file_id.clone(),
            parts_sha256: parts_sha256.map_err(|_| problem::internal())?,
        })
    }

    /// Writes the upload's row: header and ids are durable before anything of them leaves
    /// (docs/FORMAT.md, R1).
    async fn open(&mut self, method: Method, plan: PartPlan) -> Result<(), Refusal> {
        let (app, ids) = (&self.app, &self.ids);
        let new = NewFile {
            ids: ids.clone(),
            s3_key: self.s3_key.clone(),
            header: self.header.clone(),
            plan,
            method,
            expires_at: lifetimes::sealing_expiry(app.now()),
            name: &self.coming.name,
            content_type: self.coming.content_type.clone(),
            origin: match &self.coming.resealed {
                Some(file) => Origin::Resealed(file),
                None => Origin::SealedHere,
            },
        };
        match new_upload::add(app, &self.caller, new).await? {
            Added::Added => {}
            Added::SameToken(_) => return Err(problem::internal()),
        }
        let id = ids.upload_id.as_str();
        self.is_kept = true;
        tracing::info!(upload.id = id, "Opened upload {id}, which is sealed here");
        Ok(())
    }

    async fn begin_multipart(&mut self) -> Result<(), Refusal> {
        let (app, key) = (&self.app, &self.s3_key);
        let s3_upload_id = app.objects.create_multipart(key).await?;
        let begun = app
            .records
            .begin_sending(&self.ids.upload_id, s3_upload_id.clone());
        if !begun.await? {
            app.objects.abort_multipart(key, &s3_upload_id).await?;
            return Err(ended_meanwhile());
        }
        self.s3_upload_id = Some(s3_upload_id);
        Ok(())
    }

    /// Writes the part's row, which is durable before the part leaves (docs/FORMAT.md, R2).
    async fn keep(&mut self, part: &SealedPart) -> Result<(), Refusal> {
        let receipt = PartReceipt {
            number: part.number,
            sha256: part.sha256,
        };
        let now = self.app.now();
        let kept = self
            .app
            .records
            .keep_sealed_part(
                &self.caller.scope,
                &self.ids.upload_id,
                (receipt, len_of(&part.sealed)),
                now,
                lifetimes::sealing_expiry(now),
                // The signature of a request that is on its way ends when a presigned one would.
                now.later_by(PRESIGNED_FOR),
            )
            .await?;
        match kept {
            SignedRows::Signed => {}
            SignedRows::Expired => return Err(problem::upload_expired()),
            SignedRows::NotFound | SignedRows::NotOpen(_) => return Err(ended_meanwhile()),
            SignedRows::AlreadySealed(_) => return Err(problem::internal()),
        }
        let noted = self.receipts.note(receipt);
        noted.map_err(|_| problem::internal())
    }

    /// Returns how many parts may be on their way. Each is in memory.
    fn most_sending(&self) -> usize {
        match self.coming.resealed {
            Some(_) => RESEALED_AT_ONCE,
            None => 1,
        }
    }

    /// Waits until all parts on their way are in the store but the last `left`.
    async fn sent_but(&mut self, left: usize) -> Result<(), Refusal> {
        while self.sending.len() > left
            && let Some(first) = self.sending.pop_front()
        {
            first.await.map_err(|_| problem::internal())??;
        }
        Ok(())
    }

    /// Aborts the upload. If that fails, the sweeper does it.
    pub(super) async fn abort(mut self, why: ProblemCode) {
        // Wait for the parts, because a part that arrives after the abort would stay until the
        // sweeper removes its tombstone.
        tokio::select! {
            _ = join_all(mem::take(&mut self.sending)) => {}
            () = self.app.clock.sleep(LONGEST_WAIT) => {}
        }
        if !self.is_kept {
            return;
        }
        let id = &self.ids.upload_id;
        if let Err(refusal) = abort::abort(&self.app, &self.caller, id).await {
            let (code, cause) = (refusal.code().as_str(), refusal.cause());
            tracing::warn!(upload.id = %id, code, cause, why = why.as_str(), "Upload {id} could not be aborted; the sweeper will");
        }
    }
}

/// The parts of a file that is sealed again that are sent at the same time. A store often takes one at a limited rate.
const RESEALED_AT_ONCE: usize = 2;

/// How long an abort waits for a part that is on its way.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Makes the refusal of an upload whose owner aborted it, or that expired.
fn ended_meanwhile() -> Refusal {
    problem::upload_not_open("ended")
}
