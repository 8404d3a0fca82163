//! What the page wants of an upload under way.

use sealift_transfer::{
    Command, Event, Upload,
    upload::{Outcome, Resume},
};

use super::{Beginning, SETTINGS, Uploader};
use crate::{failure::Fault, report::State};

/// What the page wants of an upload under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Stand still.
    Pause,
    /// Go on after a pause.
    GoOn,
    /// The answer to [`Report::Unchecked`](crate::report::Report::Unchecked).
    Confirm(bool),
    /// Take it back.
    Cancel,
    /// End, and leave it as it is.
    Leave,
}

impl Uploader {
    pub(super) fn heed(&mut self, wish: Wish) -> Result<Vec<Event>, Fault> {
        match wish {
            Wish::Pause if !self.is_paused => self.pause()?,
            Wish::GoOn if self.is_paused => {
                self.is_paused = false;
                self.reporter.goes_on();
                self.wait_for_turn();
            }
            Wish::Pause | Wish::GoOn => {}
            _ if self.upload.is_none() => return self.heed_before_its_turn(wish),
            Wish::Confirm(true) => {
                self.reporter.state(State::Sealing);
                return Ok(vec![Event::Confirmed]);
            }
            Wish::Confirm(false) | Wish::Leave => return Ok(vec![Event::Left]),
            Wish::Cancel => return Ok(vec![Event::Cancelled]),
        }
        Ok(Vec::new())
    }

    fn pause(&mut self) -> Result<(), Fault> {
        let commands = match &mut self.upload {
            Some(upload) => upload.on(Event::Paused),
            None => vec![Command::Stop],
        };
        // Else it is too late: it is being completed or taken back.
        if commands.contains(&Command::Stop) {
            self.is_paused = true;
            self.turn = None;
            self.reporter.paused();
        }
        for command in commands {
            self.carry_out(command)?;
        }
        Ok(())
    }

    /// The server knows nothing of it yet, or is to be told.
    fn heed_before_its_turn(&mut self, wish: Wish) -> Result<Vec<Event>, Fault> {
        match (wish, &self.beginning) {
            (Wish::Confirm(true), _) => {}
            (Wish::Cancel, Beginning::Open { .. }) => self.ended = Some(Outcome::Cancelled),
            (Wish::Cancel, Beginning::Resume(upload_id)) => {
                let resume = Resume {
                    upload_id: upload_id.clone(),
                    size: self.file.size(),
                    last_modified_ms: None,
                };
                // Its first command is not carried out: what it is to find is taken back at once.
                let (upload, _) = Upload::resume(SETTINGS, resume);
                self.upload = Some(upload);
                return Ok(vec![Event::Cancelled]);
            }
            _ => self.ended = Some(Outcome::Left),
        }
        Ok(Vec::new())
    }
}
