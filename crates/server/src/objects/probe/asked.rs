//! Asks the questions of the probe one by one, each with an object of its own, at either endpoint. `sealift doctor`
//! needs every answer, also after a wrong one.

use sealift_transfer::PartNumber;

use super::{
    super::{ObjectKey, Objects, ObjectsError, PresignedPut, S3UploadId},
    Flaw, ProbeError, RIGHT, a_missing_header_is_refused, http_client,
    joining::Way,
    probe_key, public, reading, right, right_bytes_are_taken, the_object_is_reported,
    the_part_is_reported, tidied, wrong_bytes_are_refused,
};
use crate::{objects::PRESIGNED_FOR, unix_millis::UnixMillis};

/// The endpoint at which a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The server's own endpoint.
    Own,
    /// The endpoint of browsers.
    Public,
}

/// A question of the probe, as the sentence that it asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// The store names an absence by its code.
    Absence,
    /// The store takes the right bytes, and returns their SHA-256.
    RightBody,
    /// The store refuses other bytes than the signed ones.
    WrongBody,
    /// The store refuses bytes without the signed header.
    MissingHeader,
    /// The store refuses an address that has ended.
    EndedAddress,
    /// The store answers a GET with a range and `If-Match`.
    Ranges,
    /// The store joins parts of unequal length.
    UnequalParts,
}

/// The age of the end of an address when the question about it is asked. Clocks may differ by less.
const ENDED_FOR: core::time::Duration = core::time::Duration::from_secs(5 * 60);

impl Objects {
    /// Asks one question at one endpoint. Its objects lie under `<prefix>/probe/` with a name from `random`, and are
    /// removed afterwards, whatever the answer is.
    ///
    /// # Errors
    /// Returns a [`ProbeError`] if the answer is wrong, or if there is none.
    pub(crate) async fn ask(
        &self,
        question: Question,
        place: Place,
        random: [u8; 16],
        now: UnixMillis,
    ) -> Result<Option<Flaw>, ProbeError> {
        let asked = Asked {
            objects: self,
            key: probe_key(self, random),
            http: http_client()?,
            random,
            place,
            now,
        };
        let answer = asked.answer(question).await;
        tidied(self.remove(&asked.key).await);
        answer
    }
}

/// A question on its way.
struct Asked<'a> {
    objects: &'a Objects,
    key: ObjectKey,
    http: reqwest::Client,
    random: [u8; 16],
    place: Place,
    now: UnixMillis,
}

impl Asked<'_> {
    async fn answer(&self, question: Question) -> Result<Option<Flaw>, ProbeError> {
        let (objects, key) = (self.objects, &self.key);
        match question {
            Question::Absence => reading::prove_absence(objects, key).await.map(|()| None),
            Question::RightBody => {
                if self.place == Place::Public {
                    let put = self.sign(None, self.now).await?;
                    if let Err(flaw) = public::send(&self.http, &put, None).await? {
                        return Ok(Some(flaw));
                    }
                }
                self.of_a_part(question).await?;
                if self.place == Place::Own {
                    let put = self.sign(None, self.now).await?;
                    right_bytes_are_taken(&self.http, &put, RIGHT.into()).await?;
                }
                the_object_is_reported(objects, key).await.map(|_| None)
            }
            Question::WrongBody | Question::MissingHeader | Question::EndedAddress => {
                self.of_a_part(question).await?;
                let put = self.sign(None, self.signed_at(question)).await?;
                self.is_refused(question, &put).await.map(|()| None)
            }
            Question::Ranges => {
                let put = self.sign(None, self.now).await?;
                right_bytes_are_taken(&self.http, &put, RIGHT.into()).await?;
                let head = objects.head(key, None).await?;
                let head = head.ok_or(ProbeError::RangeNotGiven(ObjectsError::NotFound))?;
                match self.place {
                    Place::Own => reading::prove_reading(objects, key, &head).await,
                    Place::Public => public::prove_reading(objects, key, &head, self.now).await,
                }
            }
            Question::UnequalParts => {
                let way = match self.place {
                    Place::Own => Way::Server,
                    Place::Public => Way::Browsers(self.now),
                };
                let joined = objects.prove_unequal_parts_from(way, self.random);
                joined.await.map(|()| None)
            }
        }
    }

    async fn of_a_part(&self, question: Question) -> Result<(), ProbeError> {
        let (objects, key) = (self.objects, &self.key);
        let s3_upload_id = objects.create_multipart(key).await?;
        let answer = self.of_this_part(question, &s3_upload_id).await;
        tidied(objects.abort_multipart(key, &s3_upload_id).await);
        answer
    }

    async fn of_this_part(
        &self,
        question: Question,
        s3_upload_id: &S3UploadId,
    ) -> Result<(), ProbeError> {
        let put = self.sign(Some(s3_upload_id), self.signed_at(question));
        let put = put.await?;
        if question != Question::RightBody {
            return self.is_refused(question, &put).await;
        }
        right_bytes_are_taken(&self.http, &put, RIGHT.into()).await?;
        the_part_is_reported(self.objects, &self.key, s3_upload_id).await
    }

    async fn is_refused(&self, question: Question, put: &PresignedPut) -> Result<(), ProbeError> {
        match question {
            Question::WrongBody => wrong_bytes_are_refused(&self.http, put).await,
            Question::MissingHeader => a_missing_header_is_refused(&self.http, put).await,
            _ => match right_bytes_are_taken(&self.http, put, RIGHT.into()).await {
                Ok(()) => Err(ProbeError::EndedAddressAccepted),
                Err(ProbeError::RightBytesRefused { .. }) => Ok(()),
                Err(error) => Err(error),
            },
        }
    }

    fn signed_at(&self, question: Question) -> UnixMillis {
        match question {
            Question::EndedAddress => self.now.earlier_by(PRESIGNED_FOR).earlier_by(ENDED_FOR),
            _ => self.now,
        }
    }

    async fn sign(
        &self,
        s3_upload_id: Option<&S3UploadId>,
        at: UnixMillis,
    ) -> Result<PresignedPut, ObjectsError> {
        let ((sha256, len), objects, key) = (right(), self.objects, &self.key);
        match (self.place, s3_upload_id) {
            (Place::Own, of) => objects.presign_own(key, of, &sha256, len, at).await,
            (Place::Public, None) => objects.presign_put(key, &sha256, len, at).await,
            (Place::Public, Some(of)) => {
                let first = PartNumber::FIRST;
                objects.presign_part(key, of, first, &sha256, len, at).await
            }
        }
    }
}
