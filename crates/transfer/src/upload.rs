//! One upload as a state machine without I/O: events in, commands out. A driver carries the
//! commands out and reports what came of them; every rule stands here, so that the browser and
//! the native client follow the same ones.
//!
//! The way of a part: [`Command::Seal`], [`Event::Sealed`], [`Command::Sign`], [`Event::Signed`],
//! [`Command::Put`], [`Event::Sent`]. The driver keeps a part's sealed bytes from the first to
//! the last of these, so that every attempt sends the same bytes (FORMAT.md R2).

mod command;
mod event;
mod phase;
#[cfg(test)]
mod tests;

pub use command::{Command, Outcome, Request};
pub use event::Event;

use crate::api::{CompleteUpload, UploadId, sign::PartReceiptsError};
use phase::{Ending, Opening, Phase, Sending};

/// How an upload is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Parts whose bytes are held at a time, from sealing until they are sent; at least 1. The
    /// driver's memory is this many parts.
    pub most_parts_held: u8,
}

impl Default for Settings {
    /// Two parts on the way while one is sealed and one waits for its signature.
    fn default() -> Self {
        Self { most_parts_held: 4 }
    }
}

/// The state machine.
#[derive(Debug)]
pub struct Upload {
    settings: Settings,
    phase: Phase,
}

impl Upload {
    /// A new upload and its first commands.
    #[must_use]
    pub fn start(settings: Settings) -> (Self, Vec<Command>) {
        let phase = Phase::Opening(Opening::default());
        (Self { settings, phase }, vec![Command::Open])
    }

    /// Takes an event; gives what to do now.
    pub fn on(&mut self, event: Event) -> Vec<Command> {
        let mut commands = Vec::new();
        match event {
            Event::Cancelled => self.take_back(Outcome::Cancelled, &mut commands),
            Event::SourceFailed => self.take_back(Outcome::SourceFailed, &mut commands),
            event => self.go_on(event, &mut commands),
        }
        commands
    }

    /// Plaintext bytes that the store is known to hold.
    #[must_use]
    pub fn stored_plaintext_len(&self) -> u64 {
        match &self.phase {
            Phase::Sending(sending) => sending.stored_plaintext_len(),
            Phase::Completing { plan, .. } => plan.plaintext_len(),
            Phase::Opening(_) | Phase::Aborting { .. } | Phase::Ended => 0,
        }
    }

    fn go_on(&mut self, event: Event, commands: &mut Vec<Command>) {
        let phase = core::mem::replace(&mut self.phase, Phase::Ended);
        self.phase = match phase {
            Phase::Opening(opening) => self.on_opening(opening, event, commands),
            Phase::Sending(sending) => self.on_sending(sending, event, commands),
            Phase::Completing {
                upload_id,
                plan,
                complete,
                attempt,
            } => match event {
                Event::Completed => end(Outcome::Complete(upload_id), commands),
                Event::Waited(Request::Complete) => {
                    commands.push(Command::Complete(complete));
                    Phase::Completing {
                        upload_id,
                        plan,
                        complete,
                        attempt,
                    }
                }
                Event::RequestFailed {
                    request: request @ Request::Complete,
                    failure,
                    jitter,
                } => match phase::try_again(request, failure, attempt, jitter) {
                    Ok(wait) => {
                        commands.push(wait);
                        let attempt = attempt.saturating_add(1);
                        Phase::Completing {
                            upload_id,
                            plan,
                            complete,
                            attempt,
                        }
                    }
                    Err(outcome) => end(outcome, commands),
                },
                _ => Phase::Completing {
                    upload_id,
                    plan,
                    complete,
                    attempt,
                },
            },
            Phase::Aborting {
                upload_id,
                ending,
                attempt,
            } => match event {
                Event::Aborted => end(ending.outcome(), commands),
                Event::Waited(Request::Abort) => {
                    commands.push(Command::Abort(upload_id.clone()));
                    Phase::Aborting {
                        upload_id,
                        ending,
                        attempt,
                    }
                }
                Event::RequestFailed {
                    request: request @ Request::Abort,
                    failure,
                    jitter,
                } => {
                    match phase::try_again(request, failure, attempt, jitter) {
                        Ok(wait) => {
                            commands.push(wait);
                            let attempt = attempt.saturating_add(1);
                            Phase::Aborting {
                                upload_id,
                                ending,
                                attempt,
                            }
                        }
                        // Taken back or not, nobody waits for it: the server's sweeper ends it.
                        Err(_) => end(ending.outcome(), commands),
                    }
                }
                _ => Phase::Aborting {
                    upload_id,
                    ending,
                    attempt,
                },
            },
            Phase::Ended => Phase::Ended,
        };
    }

    fn on_opening(&self, mut opening: Opening, event: Event, commands: &mut Vec<Command>) -> Phase {
        match event {
            Event::Opened {
                upload_id,
                plan,
                most_parts_per_request,
                has_key,
            } => {
                let sending = Sending::new(upload_id, plan, most_parts_per_request);
                if let Some(ending) = opening.ending {
                    commands.push(Command::Abort(sending.upload_id.clone()));
                    return Phase::Aborting {
                        upload_id: sending.upload_id,
                        ending,
                        attempt: 1,
                    };
                }
                if has_key {
                    return self.fill(sending, commands);
                }
                commands.push(Command::FetchKey(sending.upload_id.clone()));
                opening.attempt = 1;
                opening.backs_off = false;
                opening.waits_for_key = Some(sending);
                Phase::Opening(opening)
            }
            Event::FoundComplete(upload_id) => end(Outcome::Complete(upload_id), commands),
            Event::KeyFetched => match opening.waits_for_key {
                Some(sending) => self.fill(sending, commands),
                None => Phase::Opening(opening),
            },
            Event::Waited(Request::Open) => {
                opening.backs_off = false;
                commands.push(Command::Open);
                Phase::Opening(opening)
            }
            Event::Waited(Request::FetchKey) => {
                let waiting = opening.waits_for_key.as_ref();
                commands.extend(waiting.map(|s| Command::FetchKey(s.upload_id.clone())));
                Phase::Opening(opening)
            }
            Event::RequestFailed {
                request: request @ (Request::Open | Request::FetchKey),
                failure,
                jitter,
            } => {
                if let Some(ending) = opening.ending {
                    return end(ending.outcome(), commands);
                }
                match phase::try_again(request, failure, opening.attempt, jitter) {
                    Ok(wait) => {
                        commands.push(wait);
                        opening.attempt = opening.attempt.saturating_add(1);
                        opening.backs_off = true;
                        Phase::Opening(opening)
                    }
                    Err(outcome) => end(outcome, commands),
                }
            }
            _ => Phase::Opening(opening),
        }
    }

    fn on_sending(&self, mut sending: Sending, event: Event, commands: &mut Vec<Command>) -> Phase {
        let done = match event {
            Event::Sealed(receipt) => sending.sealed(receipt),
            Event::Signed(parts) => sending.signed(parts, commands),
            Event::Sent(part) => {
                sending.sent(part, commands);
                Ok(())
            }
            Event::Waited(Request::Put(part)) => {
                sending.put_again(part, commands);
                Ok(())
            }
            Event::Waited(Request::Sign(parts)) => {
                sending.sign_again(&parts);
                Ok(())
            }
            Event::RequestFailed {
                request,
                failure,
                jitter,
            } => sending.request_failed(request, failure, jitter, commands),
            _ => Ok(()),
        };
        match done {
            Ok(()) => self.fill(sending, commands),
            Err(outcome) => end(outcome, commands),
        }
    }

    /// Seals as many parts as may be held, signs those that are ready; completes after the last.
    fn fill(&self, mut sending: Sending, commands: &mut Vec<Command>) -> Phase {
        sending.seal_more(self.settings.most_parts_held.max(1), commands);
        sending.sign_ready(commands);
        if !sending.is_finished() {
            return Phase::Sending(sending);
        }
        match sending.receipts_digest() {
            Ok(parts_sha256) => {
                let complete = CompleteUpload { parts_sha256 };
                commands.push(Command::Complete(complete));
                let Sending {
                    upload_id, plan, ..
                } = sending;
                Phase::Completing {
                    upload_id,
                    plan,
                    complete,
                    attempt: 1,
                }
            }
            Err(PartReceiptsError::Missing(_) | PartReceiptsError::AnotherCiphertext(_)) => {
                end(Outcome::Broken("a part has no receipt"), commands)
            }
        }
    }

    /// Aborts what the server knows of, whatever was going on.
    fn take_back(&mut self, outcome: Outcome, commands: &mut Vec<Command>) {
        let ending = match outcome {
            Outcome::SourceFailed => Ending::SourceFailed,
            _ => Ending::Cancelled,
        };
        let phase = core::mem::replace(&mut self.phase, Phase::Ended);
        self.phase = match phase {
            Phase::Opening(opening) => match opening.waits_for_key {
                Some(sending) => abort(sending.upload_id, ending, commands),
                None if opening.backs_off => end(ending.outcome(), commands),
                // The open request is under way: what it opens is aborted when its answer comes.
                None => Phase::Opening(Opening {
                    ending: Some(ending),
                    ..opening
                }),
            },
            Phase::Sending(sending) => abort(sending.upload_id, ending, commands),
            // Asked to complete, it may be complete already: the answer decides.
            completing @ Phase::Completing { .. } => completing,
            aborting @ Phase::Aborting { .. } => aborting,
            Phase::Ended => Phase::Ended,
        };
    }
}

fn abort(upload_id: UploadId, ending: Ending, commands: &mut Vec<Command>) -> Phase {
    commands.push(Command::Abort(upload_id.clone()));
    Phase::Aborting {
        upload_id,
        ending,
        attempt: 1,
    }
}

fn end(outcome: Outcome, commands: &mut Vec<Command>) -> Phase {
    commands.push(Command::End(outcome));
    Phase::Ended
}
