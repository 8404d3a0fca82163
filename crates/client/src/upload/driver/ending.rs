//! Translates the outcome of an upload into the result for the caller.

use sealift_transfer::{
    api::{FileRecord, UploadState},
    upload::Outcome,
};

use super::{Driver, UNTOLD};
use crate::upload::UploadError;

impl Driver {
    pub(super) fn result(self, outcome: Outcome) -> Result<FileRecord, UploadError> {
        let upload_id = self.known_upload_id();
        Err(match outcome {
            Outcome::Complete(upload_id) => {
                let state = UploadState::Complete;
                return self.record.ok_or(UploadError::Gone { upload_id, state });
            }
            Outcome::Cancelled => self.fault.unwrap_or(UploadError::Cancelled),
            Outcome::SourceFailed => self.fault.unwrap_or(UNTOLD),
            Outcome::Left => self.fault.unwrap_or(UploadError::Left { upload_id }),
            Outcome::Failed { .. } => match self.failed {
                Some(error) => UploadError::Failed { upload_id, error },
                None => UNTOLD,
            },
            Outcome::NotTakenBack { .. } => match self.failed {
                Some(error) => UploadError::NotTakenBack { upload_id, error },
                None => UNTOLD,
            },
            Outcome::Changed { part } => match upload_id {
                Some(upload_id) => UploadError::Changed { upload_id, part },
                None => UNTOLD,
            },
            Outcome::Gone(state) => match upload_id {
                Some(upload_id) => UploadError::Gone { upload_id, state },
                None => UNTOLD,
            },
            Outcome::Broken(why) => UploadError::Broken(why),
        })
    }
}
