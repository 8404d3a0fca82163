//! The read path, in order: record, range, keys, decryptor, body.

use axum::body::Body;
use bytes::Bytes;
use core::ops::Range;
use futures::{Stream, StreamExt as _, stream};
use sealift_transfer::api::{ProblemCode, UploadId};

use crate::{
    app::App,
    caller::{ReadEnded, Reader},
    limits::ReadPermit,
    objects::ObjectsError,
    problem::{self, Refusal},
    reading::decrypt::{self, OpenError},
    records::{FileRow, RecordsError},
};

/// Returns the plaintext of a file, or of a range that lies within it. This function verifies the
/// first bytes before it returns, so that the caller usually gets a proper error for a damaged
/// object. A later failure ends the connection before the promised length, which no client mistakes
/// for the end.
pub(crate) async fn download(
    app: &App,
    reader: Reader,
    file: &FileRow,
    range: Option<Range<u64>>,
    permit: ReadPermit,
) -> Result<Body, Refusal> {
    let reading = Reading {
        app: app.clone(),
        reader,
        upload_id: file.upload_id.clone(),
        is_known_damaged: file.verification.is_failed(),
        _permit: permit,
    };
    let plaintext = match begin(app, file, range).await {
        Ok(plaintext) => plaintext,
        Err(refusal) => {
            return Err(match reading.failed(refusal.code()).await {
                code @ ProblemCode::PreconditionFailed => refusal.answered_as(code, SEALED_AGAIN),
                _ => refusal,
            });
        }
    };
    let body = stream::unfold((plaintext, reading), |(mut plaintext, mut reading)| async {
        let opened = plaintext.next().await?;
        let given = reading.given(opened).await;
        Some((given, (plaintext, reading)))
    });
    Ok(Body::from_stream(body))
}

const SEALED_AGAIN: &str = "The file was encrypted again while it was being read; ask again.";

/// A running download. It holds its read permit until its body is dropped.
struct Reading {
    app: App,
    reader: Reader,
    /// The upload whose object is read.
    upload_id: UploadId,
    is_known_damaged: bool,
    _permit: ReadPermit,
}

impl Reading {
    /// Returns these bytes to the reader, unless the ticket's right to read has ended or the file
    /// was deleted.
    async fn given(&mut self, opened: Result<Bytes, OpenError>) -> Result<Bytes, BrokenOff> {
        let given = match opened {
            Ok(bytes) => self.while_it_may().await.map(|()| bytes),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = &given {
            let (file_id, cause) = (&self.reader.file_id, problem::chain(error));
            match error {
                BrokenOff::Ended(_) => {
                    tracing::info!(file.id = %file_id, cause, "The download of {file_id} was broken off");
                }
                BrokenOff::Open(_) | BrokenOff::Records(_) => {
                    tracing::error!(file.id = %file_id, cause, "The download of {file_id} was broken off");
                }
            }
            self.failed(error.code()).await;
        }
        given
    }

    /// Records the failed read, and returns its code. If the object turned out to be damaged, this also
    /// schedules the verification of the whole object, so that the record does not go on calling it good.
    async fn failed(&self, code: ProblemCode) -> ProblemCode {
        let is_damaged = matches!(
            code,
            ProblemCode::ObjectDamaged | ProblemCode::ObjectReplaced
        );
        let code = match is_damaged && self.was_sealed_again().await {
            true => ProblemCode::PreconditionFailed,
            false => code,
        };
        self.app.audit_failed_reading(&self.reader, code).await;
        if !is_damaged || self.is_known_damaged || code == ProblemCode::PreconditionFailed {
            return code;
        }
        let (scope, file_id) = (&self.reader.caller.scope, &self.reader.file_id);
        let now = self.app.now();
        let wanted = self
            .app
            .records
            .want_verification(scope, file_id, now, None);
        match wanted.await {
            Ok(_) => {
                self.app.verification_wanted.send_replace(());
            }
            Err(error) => {
                tracing::warn!(file.id = %file_id, %error, "The verification of {file_id} could not be scheduled");
            }
        }
        code
    }

    /// Returns whether the file has another object than the one that is read, which is then rightly gone.
    async fn was_sealed_again(&self) -> bool {
        let (scope, file_id) = (&self.reader.caller.scope, &self.reader.file_id);
        let now = self.app.records.file(scope, file_id).await;
        matches!(now, Ok(Some(now)) if now.upload_id != self.upload_id)
    }

    async fn while_it_may(&mut self) -> Result<(), BrokenOff> {
        Ok(self.reader.may_still(&self.app).await??)
    }
}

/// The reasons why a download ends before its promised length.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Ended(#[from] ReadEnded),
    #[error("the records could not say whether the download may go on")]
    Records(#[from] RecordsError),
}

impl BrokenOff {
    fn code(&self) -> ProblemCode {
        match self {
            Self::Open(error) => error.code(),
            Self::Ended(ReadEnded::Ticket | ReadEnded::ApiKey) => ProblemCode::Unauthenticated,
            Self::Ended(ReadEnded::Deleted) => ProblemCode::NotFound,
            Self::Records(_) => ProblemCode::RecordsUnavailable,
        }
    }
}

/// Begins the read, and returns the verified plaintext once its first bytes are there.
async fn begin(
    app: &App,
    file: &FileRow,
    range: Option<Range<u64>>,
) -> Result<impl Stream<Item = Result<Bytes, OpenError>> + Send + use<>, Refusal> {
    let range = range.unwrap_or(0..file.plan.plaintext_len());
    let plaintext = decrypt::range(app, file, range).await?;
    let mut plaintext = Box::pin(plaintext);
    let first = plaintext.next().await.transpose()?;
    let first = stream::iter(first.map(Ok::<Bytes, OpenError>));
    Ok(first.chain(plaintext))
}

impl OpenError {
    fn code(&self) -> ProblemCode {
        match self {
            Self::Objects(ObjectsError::Replaced) => ProblemCode::ObjectReplaced,
            Self::Objects(ObjectsError::NotFound) => ProblemCode::ObjectDamaged,
            Self::Objects(ObjectsError::Refused { .. }) => ProblemCode::RefusedByStore,
            Self::Objects(_) => ProblemCode::StoreUnavailable,
            Self::Keys(error) if error.kms_refusal().is_some() => ProblemCode::RefusedByKms,
            Self::Keys(_) => ProblemCode::KeysUnavailable,
            Self::Decrypt(_) => ProblemCode::ObjectDamaged,
            Self::Range(_) | Self::Stopped => ProblemCode::Internal,
        }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Objects(error) => error.into(),
            OpenError::Keys(error) => error.into(),
            OpenError::Decrypt(error) => error.into(),
            OpenError::Range(_) | OpenError::Stopped => problem::internal(),
        }
    }
}
