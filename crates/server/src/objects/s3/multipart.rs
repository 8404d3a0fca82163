//! Handles multipart uploads, from their creation until they are completed or aborted.

use aws_sdk_s3::{
    config::Builder,
    types::{ChecksumAlgorithm, CompletedMultipartUpload},
};

use super::{
    super::{
        CompleteAnswer, CompletedPart, ObjectKey, ObjectsError, Reported, S3UploadId, StoredPart,
        UnfinishedMultipart, VersionId,
    },
    Objects,
    answers::{self, translate},
    silence_of,
};

impl Objects {
    /// Begins a multipart upload that demands a SHA-256 of every part (docs/FORMAT.md, R10).
    ///
    /// # Errors
    /// Returns an [`ObjectsError`]; after `Unavailable` the store may have an upload that nobody
    /// knows.
    pub async fn create_multipart(&self, key: &ObjectKey) -> Result<S3UploadId, ObjectsError> {
        let answer = self
            .encryption
            .create_multipart_upload(&self.own)
            .bucket(&self.bucket)
            .key(key.as_str())
            .content_type("application/octet-stream")
            // This sends no checksum type, because COMPOSITE is S3's own default for SHA-256 and
            // some stores refuse the field.
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .send()
            .await
            .map_err(translate)?;
        let reported = Reported::of(
            answer.server_side_encryption,
            answer.ssekms_key_id,
            answer.bucket_key_enabled,
        );
        let s3_upload_id = answer
            .upload_id
            .map(S3UploadId)
            .ok_or(ObjectsError::Incomprehensible { field: "UploadId" })?;
        if let Err(error) = self.encryption.confirm(&reported) {
            // Nobody else knows this upload. If it cannot be aborted, the sweeper finds it later.
            let _ = self.abort_multipart(key, &s3_upload_id).await;
            return Err(error);
        }
        Ok(s3_upload_id)
    }

    /// Lists every part that the store holds, by number.
    ///
    /// # Errors
    /// Returns [`ObjectsError::NoSuchUpload`] if the upload has ended, and another error if the
    /// store does not list the parts.
    pub async fn list_parts(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
    ) -> Result<Vec<StoredPart>, ObjectsError> {
        let mut parts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .own
                .list_parts()
                .bucket(&self.bucket)
                .key(key.as_str())
                .upload_id(&s3_upload_id.0)
                .set_part_number_marker(after.take())
                .send()
                .await
                .map_err(translate)?;
            for part in page.parts.unwrap_or_default() {
                parts.push(answers::stored_part(part)?);
            }
            match (page.is_truncated, page.next_part_number_marker) {
                (Some(true), Some(next)) => after = Some(next),
                (Some(true), None) => {
                    return Err(ObjectsError::Incomprehensible {
                        field: "NextPartNumberMarker",
                    });
                }
                _ => break,
            }
        }
        parts.sort_unstable_by_key(|part| part.number);
        Ok(parts)
    }

    /// Returns whether the store still keeps this multipart upload open.
    ///
    /// # Errors
    /// Fails if the store's answer does not show it.
    pub async fn multipart_exists(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
    ) -> Result<bool, ObjectsError> {
        let asked = self
            .own
            .list_parts()
            .bucket(&self.bucket)
            .key(key.as_str())
            .upload_id(&s3_upload_id.0)
            .max_parts(1)
            .send()
            .await
            .map_err(translate);
        match asked {
            Ok(_) => Ok(true),
            Err(ObjectsError::NoSuchUpload) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Joins the parts into the object. After any error the caller must look at the object, because
    /// the parts may have been joined nevertheless. A 200 with an error in its body is an error
    /// here.
    ///
    /// # Errors
    /// Returns an [`ObjectsError`] if the store did not confirm the join.
    pub async fn complete_multipart(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
        parts: &[CompletedPart],
    ) -> Result<CompleteAnswer, ObjectsError> {
        let parts = parts.iter().map(answers::sdk_part).collect();
        let answer = self
            .own
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key.as_str())
            .upload_id(&s3_upload_id.0)
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(parts))
                    .build(),
            )
            .customize()
            .config_override(Builder::new().timeout_config(silence_of(self.patience.join)))
            .send()
            .await
            .map_err(translate)?;
        Ok(CompleteAnswer {
            etag: answers::etag(answer.e_tag)?,
            version: answer.version_id.map(VersionId),
        })
    }

    /// Drops the parts. Succeeds if the multipart upload is gone already.
    ///
    /// # Errors
    /// Fails if the multipart upload may still be there.
    pub async fn abort_multipart(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
    ) -> Result<(), ObjectsError> {
        let asked = self
            .own
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key.as_str())
            .upload_id(&s3_upload_id.0)
            .send()
            .await
            .map_err(translate);
        match asked {
            Ok(_) | Err(ObjectsError::NoSuchUpload) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lists every unfinished multipart upload under this deployment's prefix.
    ///
    /// # Errors
    /// Returns an [`ObjectsError`] if the store does not list them.
    pub async fn unfinished_multiparts(&self) -> Result<Vec<UnfinishedMultipart>, ObjectsError> {
        let mut found = Vec::new();
        let mut after: (Option<String>, Option<String>) = (None, None);
        loop {
            let page = self
                .own
                .list_multipart_uploads()
                .bucket(&self.bucket)
                .prefix(format!("{}/", self.prefix))
                .set_key_marker(after.0.take())
                .set_upload_id_marker(after.1.take())
                .send()
                .await
                .map_err(translate)?;
            for upload in page.uploads.unwrap_or_default() {
                found.push(answers::unfinished(upload)?);
            }
            if page.is_truncated != Some(true) {
                break;
            }
            if page.next_key_marker.is_none() {
                let field = "NextKeyMarker";
                return Err(ObjectsError::Incomprehensible { field });
            }
            after = (page.next_key_marker, page.next_upload_id_marker);
        }
        Ok(found)
    }
}
