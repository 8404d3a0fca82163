//! Proves what reading needs of a store: it reports an absent object by its code, answers a range
//! with the headers that readers compare, and obeys `If-Match`.

use futures::TryStreamExt as _;

use super::{
    super::{ETag, ObjectHead, ObjectKey, Objects, ObjectsError, StoredObject},
    Flaw, ProbeError, RIGHT,
};

/// The range of the probe that is read, in bytes.
const SOME: core::ops::Range<u64> = 9..14;

/// Proves that the store names an absence by its code. Nothing was PUT at the key yet.
pub(super) async fn prove_absence(objects: &Objects, key: &ObjectKey) -> Result<(), ProbeError> {
    match objects.head(key, None).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(ProbeError::AbsenceNotReported(
            ObjectsError::Incomprehensible { field: "absence" },
        )),
        Err(error @ ObjectsError::Unavailable { status: None }) => Err(error.into()),
        Err(error) => Err(ProbeError::AbsenceNotReported(error)),
    }
}

/// Proves that ranges and `If-Match` work. The probe lies at the key.
pub(super) async fn prove_reading(
    objects: &Objects,
    key: &ObjectKey,
    head: &ObjectHead,
) -> Result<Option<Flaw>, ProbeError> {
    let object = head.of(key);
    match read(objects, &object).await {
        Ok(bytes) if RIGHT.get(9..14) == Some(bytes.as_slice()) => {}
        Ok(_) => return Err(ProbeError::RangeNotGiven(ObjectsError::Replaced)),
        Err(ObjectsError::Incomprehensible { field }) => {
            return Err(ProbeError::AnswerLacks { field });
        }
        Err(error) => return Err(ProbeError::RangeNotGiven(error)),
    }
    let another = StoredObject {
        etag: ETag("\"00000000000000000000000000000000\"".to_owned()),
        ..object
    };
    match objects.heeds_if_match(&another).await {
        Ok(true) => Ok(None),
        Ok(false) => Ok(Some(Flaw::IgnoresIfMatch)),
        Err(error) => Err(ProbeError::RangeNotGiven(error)),
    }
}

async fn read(objects: &Objects, object: &StoredObject) -> Result<Vec<u8>, ObjectsError> {
    let read = objects.get_range(object, SOME).await?;
    let bytes: Vec<_> = read.stream.try_collect().await?;
    Ok(bytes.concat())
}
