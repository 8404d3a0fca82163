//! Carries out what the page asks of an upload under way.

use sealift_transfer::{
    Command, Event, Upload,
    upload::{Outcome, Resume},
};

use super::{Beginning, SETTINGS, Uploader};
use crate::failure::Fault;

/// A command of the page to an upload under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Pause.
    Pause,
    /// Continue after a pause.
    GoOn,
    /// The answer to [`Report::Unchecked`](crate::report::Report::Unchecked).
    Confirm(bool),
    /// Cancel it, also on the server.
    Cancel,
    /// End it here, and leave it on the server.
    Leave,
}

impl Uploader {
    pub(super) fn heed(&mut self, wish: Wish) -> Result<Vec<Event>, Fault> {
        match wish {
            Wish::Pause if !self.is_paused => self.pause()?,
            Wish::GoOn if self.is_paused => {
                self.is_paused = false;
                self.reporter.goes_on();
                self.wait_for_turn(Event::Continued);
            }
            Wish::Pause | Wish::GoOn => {}
            _ if self.upload.is_none() => return self.heed_before_its_turn(wish),
            Wish::Confirm(true) if self.is_asking() => self.wait_for_turn(Event::Confirmed),
            Wish::Confirm(true) => {}
            Wish::Confirm(false) | Wish::Leave => return Ok(vec![Event::Left]),
            Wish::Cancel => {
                // A pause must not hold up the request that cancels it.
                self.is_paused = false;
                self.on_turn = None;
                return Ok(vec![Event::Cancelled]);
            }
        }
        Ok(Vec::new())
    }

    /// Returns whether the upload waits for the answer to its question.
    fn is_asking(&self) -> bool {
        self.turn.is_none() && self.on_turn.is_none() && !self.is_paused
    }

    fn pause(&mut self) -> Result<(), Fault> {
        let mut commands = match &mut self.upload {
            Some(upload) => upload.on(Event::Paused),
            None => Vec::new(),
        };
        // The file waits for its first permit, or for the next one after an earlier pause.
        if commands.is_empty() && self.on_turn.is_some() {
            commands.push(Command::Stop);
        }
        // Otherwise it is too late: the upload is being completed or cancelled.
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

    /// Carries out a command before the first permit: the server does not know the upload yet, or must be asked
    /// to cancel it.
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
                // The first command, which asks for the status, is dropped: the upload is cancelled at once.
                let (upload, _) = Upload::resume(SETTINGS, resume);
                self.upload = Some(upload);
                return Ok(vec![Event::Cancelled]);
            }
            _ => self.ended = Some(Outcome::Left),
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::rc::Rc;

    use futures::{FutureExt as _, channel::mpsc};
    use js_sys::Array;
    use wasm_bindgen_test::wasm_bindgen_test;
    use web_sys::File;

    use super::*;
    use crate::{
        file_slice::ChosenFile,
        report::{Reporter, tests::heard},
        seal::Backend,
        shared::Shared,
    };

    /// Makes an uploader of a file that nobody has begun to send.
    pub(in crate::uploader) fn uploader(reporter: &Reporter) -> Uploader {
        let options = crate::shared::Options::default();
        let shared = Shared::new(Backend::WebCrypto, options, reporter.clone());
        let file = File::new_with_str_sequence(&Array::of1(&"content".into()), "f").unwrap();
        let beginning = Beginning::Open {
            client_token: "token".to_owned(),
            name: "f".to_owned(),
        };
        let file = Rc::new(ChosenFile::new(file));
        Uploader::new(Rc::new(shared), file, beginning, reporter.on_file(1))
    }

    #[wasm_bindgen_test]
    fn a_file_that_goes_on_after_a_pause_can_be_paused_again_before_its_turn() {
        let (reporter, heard) = heard();
        let mut uploader = uploader(&reporter);
        let files = uploader.shared.files.clone();
        let mut turns: Vec<_> = std::iter::from_fn(|| files.take(1).now_or_never()).collect();
        let (mut upload, _) = Upload::start(SETTINGS);
        upload.on(Event::Paused);
        uploader.upload = Some(upload);
        uploader.is_paused = true;

        let (wishes, wished) = mpsc::unbounded();
        let mut run = Box::pin(uploader.run(wished));
        for wish in [Wish::GoOn, Wish::Pause, Wish::GoOn, Wish::Pause] {
            wishes.unbounded_send(wish).unwrap();
        }
        assert!(run.as_mut().now_or_never().is_none());
        assert_eq!(
            heard(),
            ["goes-on", "state", "paused", "goes-on", "state", "paused"]
        );
        // A permit changes nothing while the file is paused.
        turns.clear();
        assert!(run.as_mut().now_or_never().is_none());
        assert_eq!(heard().len(), 6);
    }
}
