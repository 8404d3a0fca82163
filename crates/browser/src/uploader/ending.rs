//! How an upload ended, for the page.

use sealift_transfer::{
    api::{FileRecord, UploadId},
    driver,
};

use super::{Browser, UNKNOWN_REASON};
use crate::failure::Fault;

/// The end of an upload.
pub struct Ended {
    /// How it ended.
    pub ending: Ending,
    /// Whether the same upload can be resumed.
    pub goes_on: bool,
    /// The upload's id, if it was opened.
    pub upload_id: Option<UploadId>,
}

/// How an upload ended, in the form that the page gets.
pub enum Ending {
    /// The file is stored.
    Done(Box<FileRecord>),
    /// The page cancelled it.
    Cancelled,
    /// The page ended it and left it on the server.
    Left,
    /// The upload failed.
    Failed(Fault),
}

impl Ended {
    pub(super) fn new(
        ended: Result<driver::Ended<Browser>, Fault>,
        upload_id: Option<UploadId>,
    ) -> Self {
        let is_open = !matches!(
            ended,
            Ok(driver::Ended::GaveUp {
                is_aborted: true,
                ..
            })
        );
        let ending = ended.map_or_else(Ending::Failed, ending);
        let may_go_on = match &ending {
            Ending::Done(_) | Ending::Cancelled => false,
            Ending::Left => true,
            Ending::Failed(fault) => fault.can_go_on(),
        };
        Self {
            ending,
            goes_on: is_open && may_go_on,
            upload_id,
        }
    }
}

fn ending(ended: driver::Ended<Browser>) -> Ending {
    use driver::Ended;
    Ending::Failed(match ended {
        Ended::Complete {
            record: Some(record),
            ..
        } => return Ending::Done(record),
        Ended::Complete { record: None, .. } => UNKNOWN_REASON,
        Ended::Cancelled => return Ending::Cancelled,
        Ended::Left => return Ending::Left,
        Ended::GaveUp { fault, .. } => fault,
        Ended::Failed(error) => error.into(),
        Ended::NotAborted(_) => Fault::NotAborted,
        Ended::Changed { part } => Fault::OtherFile { part },
        Ended::Gone(_) => Fault::UploadGone,
        Ended::Broken(why) => Fault::Answer(why),
    })
}
