//! Wraps s3s-fs and corrects the few points in which it differs from S3 (docs/STORES.md).
//! Operations that neither sealift nor its tests use answer NotImplemented.

use std::{
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use futures::StreamExt as _;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        DeleteObjectInput, DeleteObjectOutput, ETagCondition, GetObjectInput, GetObjectOutput,
        HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
        ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input,
        ListObjectsV2Output, ListPartsInput, ListPartsOutput, MultipartUpload, PutObjectInput,
        PutObjectOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};
use s3s_fs::FileSystem;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::multiparts;

/// The wrapped store.
pub(super) struct Store {
    files: Arc<FileSystem>,
    root: PathBuf,
}

impl Store {
    /// Opens the store, and creates root and bucket if they are absent.
    pub(super) fn open(root: &Path, bucket: &str) -> io::Result<Self> {
        std::fs::create_dir_all(root.join(bucket))?;
        let root = root.canonicalize()?;
        let files = FileSystem::new(&root).map_err(|_| io::Error::other("not a usable folder"))?;
        let files = Arc::new(files);
        Ok(Self { files, root })
    }

    /// Returns whether the object is complete. s3s-fs moves an object's bytes to their final path
    /// and then writes its notes (metadata files). An object without notes counts as absent: it is
    /// just being made, or its writer died, and its ETag would change later. Sending it again
    /// completes it. Notes whose object somebody removed are no object either.
    fn is_there(&self, bucket: &str, object_key: &str) -> bool {
        let [_, notes] = multiparts::notes_of_object(&self.root, bucket, object_key);
        notes.is_file() && self.root.join(bucket).join(object_key).is_file()
    }

    fn must_be_there(&self, bucket: &str, object_key: &str) -> S3Result<()> {
        if self.is_there(bucket, object_key) {
            Ok(())
        } else {
            Err(s3_error!(NoSuchKey, "The specified key does not exist."))
        }
    }

    /// Answers 404 for an id that has ended, as S3 does; s3s-fs would answer 403, or list no parts.
    fn must_live(&self, bucket: &str, object_key: &str, id: &str) -> S3Result<()> {
        if multiparts::lives(&self.root, bucket, object_key, id) {
            Ok(())
        } else {
            Err(s3_error!(
                NoSuchUpload,
                "The specified upload does not exist. It may have been completed or aborted."
            ))
        }
    }
}

#[async_trait::async_trait]
impl S3 for Store {
    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let files = self.files.clone();
        to_its_end(async move { files.create_multipart_upload(request).await }).await
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = &request.input;
        self.must_live(&input.bucket, &input.key, &input.upload_id)?;
        let files = self.files.clone();
        to_its_end(async move { files.upload_part(request).await }).await
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = &request.input;
        self.must_live(&input.bucket, &input.key, &input.upload_id)?;
        let mut answer = self.files.list_parts(request).await?;
        if let Some(parts) = &mut answer.output.parts {
            // A part without notes is absent, like an object without notes.
            parts.retain(|part| part.e_tag.is_some());
            parts.sort_unstable_by_key(|part| part.part_number);
        }
        Ok(answer)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = &request.input;
        self.must_live(&input.bucket, &input.key, &input.upload_id)?;
        let files = self.files.clone();
        to_its_end(async move { files.complete_multipart_upload(request).await }).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = &request.input;
        self.must_live(&input.bucket, &input.key, &input.upload_id)?;
        let files = self.files.clone();
        to_its_end(async move { files.abort_multipart_upload(request).await }).await
    }

    /// Returns everything on one page, because the store serves one machine.
    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let ListMultipartUploadsInput { bucket, prefix, .. } = request.input;
        let found = multiparts::list(&self.root, &bucket)
            .await
            .map_err(s3s::S3Error::internal_error)?;
        let begin = prefix.as_deref().unwrap_or_default();
        let uploads = found
            .into_iter()
            .filter(|upload| upload.object_key.starts_with(begin))
            .map(|upload| MultipartUpload {
                key: Some(upload.object_key),
                upload_id: Some(upload.id),
                initiated: upload.begun_at.map(Into::into),
                ..MultipartUpload::default()
            })
            .collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(bucket),
            prefix,
            is_truncated: Some(false),
            uploads: Some(uploads),
            ..ListMultipartUploadsOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.must_be_there(&request.input.bucket, &request.input.key)?;
        let key = request.input.key.clone();
        let path = self.root.join(&request.input.bucket).join(&key);
        let range = request.input.range;
        let if_match = request.input.if_match.clone();
        let mut answer = self.files.get_object(request).await?;
        if let Some(ETagCondition::ETag(wanted)) = &if_match {
            let found = answer.output.e_tag.as_ref();
            if !found.is_some_and(|etag| etag.strong_cmp(wanted)) {
                return Err(s3_error!(
                    PreconditionFailed,
                    "The object has another ETag."
                ));
            }
        }
        // The body of s3s-fs reads 4 KiB at a time, each on another thread, so this makes a faster
        // one. It does so only for plain keys, as all of sealift's are, because s3s-fs keeps other
        // keys within the root.
        if is_plain(&key)
            && let Ok(mut file) = tokio::fs::File::open(&path).await
        {
            let bytes = match (range, file.metadata().await) {
                (Some(range), Ok(data)) => range.check(data.len())?,
                (None, Ok(data)) => 0..data.len(),
                (_, Err(error)) => return Err(s3s::S3Error::internal_error(error)),
            };
            file.seek(io::SeekFrom::Start(bytes.start))
                .await
                .map_err(s3s::S3Error::internal_error)?;
            let body = file.take(bytes.end.saturating_sub(bytes.start));
            let body = ReaderStream::with_capacity(body, 256 * 1024);
            answer.output.body = Some(StreamingBlob::wrap(body));
        }
        Ok(answer)
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.must_be_there(&request.input.bucket, &request.input.key)?;
        self.files.head_object(request).await
    }

    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        if !self.is_there(&request.input.bucket, &request.input.key) {
            // Without this, the bytes without notes would block the key for ever.
            request.input.if_none_match = None;
        } else if request.input.if_none_match.is_some() {
            // Read the body before answering. Otherwise the connection is reset, and the sender may
            // never read the answer.
            if let Some(mut bytes) = request.input.body.take() {
                while let Some(Ok(_)) = bytes.next().await {}
            }
            return Err(s3_error!(
                PreconditionFailed,
                "The object is there already."
            ));
        }
        let files = self.files.clone();
        to_its_end(async move { files.put_object(request).await }).await
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, .. } = request.input.clone();
        let answer = self.files.delete_object(request).await?;
        for notes in multiparts::notes_of_object(&self.root, &bucket, &key) {
            // Notes without their object mean nothing; a file left behind only takes space.
            let _ = tokio::fs::remove_file(notes).await;
        }
        Ok(answer)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }
}

/// Runs the work to its end even if the client disconnects. If it were dropped between two of its
/// files, one file would exist without the other.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = S3Result<T>> + Send + 'static,
) -> S3Result<T> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => Err(s3s::S3Error::internal_error(error)),
    }
}

/// Returns whether no segment of the key climbs up or is absolute.
fn is_plain(key: &str) -> bool {
    Path::new(key)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_done_when_nobody_waits_any_more() {
        let (go_on, told_to_go_on) = oneshot::channel();
        let (done, heard) = oneshot::channel();
        let work = to_its_end(async move {
            let told: Result<(), _> = told_to_go_on.await;
            told.unwrap();
            done.send(()).unwrap();
            Ok(())
        });
        // Dropping the future is what hyper does with the request of a connection that broke.
        assert!(work.now_or_never().is_none());
        go_on.send(()).unwrap();
        heard.await.unwrap();
    }
}
