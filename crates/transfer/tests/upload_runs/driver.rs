//! A driver that carries out commands one at a time, in any order.

use std::collections::BTreeMap;

use sealift_transfer::{
    Command, Event, PartNumber, Upload,
    api::{PartReceipt, Sha256},
    retry::RequestFailure,
    upload::{Outcome, Request, Resume, Settings, Until},
};

use crate::{
    Tally,
    file::ChosenFile,
    random::Random,
    server::{Server, id, status},
};

/// How a run goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temper {
    /// Requests fail, and the person pauses, continues, leaves and cancels.
    Wild,
    /// Nothing fails, and the person waits.
    Patient,
}

pub(crate) struct Driver {
    upload: Upload,
    file: ChosenFile,
    most_held: usize,
    /// The commands that are running.
    running: Vec<Command>,
    held: BTreeMap<PartNumber, PartReceipt>,
    has_key: bool,
    /// The parts that were signed when the upload was found, and that have not been compared as equal yet.
    uncompared: BTreeMap<PartNumber, Sha256>,
    is_paused: bool,
    ended: Option<Outcome>,
    /// Failures and actions of the person that may still happen. The number is limited so that the run
    /// ends.
    troubles: u64,
}

/// A limit far above the steps of any run.
const MOST_STEPS: u64 = 5_000;

impl Driver {
    pub(crate) fn start(file: ChosenFile, random: &mut Random) -> Self {
        let settings = settings(random);
        Self::of(Upload::start(settings), file, settings, random)
    }

    /// Resumes the upload, or opens it with the same token if the server has none.
    pub(crate) fn go_on(file: ChosenFile, server: &Server, random: &mut Random) -> Self {
        if server.state.is_none() {
            return Self::start(ChosenFile::first(server), random);
        }
        let settings = settings(random);
        let resume = Resume {
            upload_id: id(),
            size: file.size,
            last_modified_ms: file.last_modified_ms,
        };
        Self::of(Upload::resume(settings, resume), file, settings, random)
    }

    fn of(
        (upload, commands): (Upload, Vec<Command>),
        file: ChosenFile,
        settings: Settings,
        random: &mut Random,
    ) -> Self {
        let mut driver = Self {
            upload,
            file,
            most_held: settings.most_parts_held.into(),
            running: Vec::new(),
            held: BTreeMap::new(),
            has_key: false,
            uncompared: BTreeMap::new(),
            is_paused: false,
            ended: None,
            troubles: random.below(30),
        };
        commands.into_iter().for_each(|c| driver.begin(c));
        driver
    }

    /// Runs the upload to its end.
    pub(crate) fn run(
        &mut self,
        server: &mut Server,
        random: &mut Random,
        temper: Temper,
        tally: &mut Tally,
    ) -> Outcome {
        if temper == Temper::Patient {
            self.troubles = 0;
        }
        for _ in 0..MOST_STEPS {
            if let Some(outcome) = self.ended.take() {
                self.is_silent(server, random, tally);
                return outcome;
            }
            let event = match self.intervene(server, random, tally) {
                Some(event) => event,
                None if self.running.is_empty() => {
                    assert!(
                        self.is_paused,
                        "no command is left, but the upload has not ended"
                    );
                    self.is_paused = false;
                    Event::Continued
                }
                None => {
                    let command = self.running.swap_remove(random.place(self.running.len()));
                    self.perform(command, server, random, tally)
                }
            };
            *tally.entry("steps").or_default() += 1;
            let held = self.held.clone();
            for command in self.apply(event) {
                // A dropped request may still arrive.
                if random.once_in(2) {
                    drop(answer(&command, &held, server, random));
                }
            }
        }
        panic!("the run does not end: {:?}", self.upload);
    }

    /// Gives the event to the machine. Returns the commands that were running when it said stop.
    fn apply(&mut self, event: Event) -> Vec<Command> {
        match &event {
            Event::Opened { has_key, .. } => self.has_key = *has_key,
            Event::KeyFetched => self.has_key = true,
            Event::Found(found) => {
                let parts = found.parts.iter();
                self.uncompared = parts.map(|part| (part.number, part.sha256)).collect();
            }
            Event::Compared(receipt) => {
                self.uncompared
                    .retain(|part, sha256| (*part, *sha256) != (receipt.number, receipt.sha256));
            }
            _ => {}
        }
        let mut stopped = Vec::new();
        for command in self.upload.on(event) {
            assert!(self.ended.is_none(), "{command:?} after the end");
            if command == Command::Stop {
                stopped.append(&mut self.running);
            }
            self.begin(command);
        }
        stopped
    }

    fn begin(&mut self, command: Command) {
        match command {
            Command::Stop => self.held.clear(),
            Command::Release(part) => {
                assert!(self.held.remove(&part).is_some(), "{part} is not held");
            }
            Command::End(outcome) => {
                if matches!(outcome, Outcome::Complete(_)) {
                    assert!(self.held.is_empty(), "parts are held after the end");
                }
                self.ended = Some(outcome);
            }
            command => self.running.push(command),
        }
        let sealing = |c: &&Command| matches!(c, Command::Seal(_) | Command::Compare(_));
        let sealing = self.running.iter().filter(sealing).count();
        assert!(sealing + self.held.len() <= self.most_held);
    }

    /// Returns what the person does, or lets somebody else abort the upload.
    fn intervene(
        &mut self,
        server: &mut Server,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Option<Event> {
        if self.troubles == 0 || !random.once_in(10) {
            return None;
        }
        self.troubles -= 1;
        match random.below(24) {
            0 | 21 => Some(Event::Left),
            1 if random.once_in(3) => Some(Event::Cancelled),
            2 if random.once_in(3) => Some(Event::SourceFailed),
            3 if random.once_in(3) => {
                server.abort_by_somebody();
                None
            }
            4..=12 if !self.is_paused => {
                self.is_paused = true;
                *tally.entry("pauses").or_default() += 1;
                Some(Event::Paused)
            }
            13..=20 if self.is_paused => {
                self.is_paused = false;
                if random.once_in(4) {
                    self.file.alter(server, random);
                }
                Some(Event::Continued)
            }
            _ => None,
        }
    }

    /// Carries out a command, or fails to. Returns the resulting event.
    fn perform(
        &mut self,
        command: Command,
        server: &mut Server,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Event {
        if matches!(command, Command::Seal(_) | Command::Compare(_)) {
            assert!(self.has_key, "{command:?} without a key");
        }
        match command {
            Command::Seal(part) => {
                let receipt = self.file.receipt(part);
                assert_eq!(
                    self.held.insert(part, receipt),
                    None,
                    "{part} is held twice"
                );
                return Event::Sealed(receipt);
            }
            Command::Compare(part) => {
                *tally.entry("compared").or_default() += 1;
                return Event::Compared(self.file.receipt(part));
            }
            Command::AskUnchecked => {
                return match random.below(4) {
                    0 if self.troubles > 0 => Event::Left,
                    _ => Event::Confirmed,
                };
            }
            Command::Wait { request, until } => {
                return match until {
                    Until::Credential if random.once_in(6) => Event::RefusedCredential(request),
                    _ => Event::Waited(request),
                };
            }
            _ => {}
        }
        if matches!(command, Command::Put(_)) {
            let uncompared = &self.uncompared;
            assert!(uncompared.is_empty(), "a byte leaves before {uncompared:?}");
        }
        if let Command::Put(signed) = &command
            && random.once_in(12)
        {
            *tally.entry("addresses that ended").or_default() += 1;
            return Event::AddressEnded(signed.number);
        }
        let request = request(&command);
        let failure = self.failure(&request, random);
        let jitter = 0;
        let answer = match failure {
            Some(failure) if random.once_in(2) => Err(failure),
            Some(_) => {
                *tally.entry("lost answers").or_default() += 1;
                drop(answer(&command, &self.held, server, random));
                Err(RequestFailure::Network)
            }
            None => answer(&command, &self.held, server, random),
        };
        if answer == Err(status(412)) {
            *tally.entry("met its own object").or_default() += 1;
        }
        answer.unwrap_or_else(|failure| Event::RequestFailed {
            request,
            failure,
            jitter,
        })
    }

    fn failure(&mut self, request: &Request, random: &mut Random) -> Option<RequestFailure> {
        if self.troubles == 0 || !random.once_in(4) {
            return None;
        }
        self.troubles -= 1;
        Some(match (random.below(6), request) {
            (0, _) => RequestFailure::Offline,
            (1, Request::Put(_)) => RequestFailure::AddressRefused {
                status: match random.below(3) {
                    0 => 400,
                    1 => 401,
                    _ => 403,
                },
            },
            (1, _) => status(401),
            (2, _) => status(503),
            (3, _) if random.once_in(4) => status(400),
            _ => RequestFailure::Network,
        })
    }

    /// Checks that the machine gives no commands after its end, whatever event it gets.
    fn is_silent(&mut self, server: &mut Server, random: &mut Random, tally: &mut Tally) {
        self.troubles = 0;
        let late: Vec<_> = self.running.drain(..).collect();
        for command in late {
            let event = self.perform(command, server, random, tally);
            assert_eq!(self.upload.on(event), []);
        }
        for event in [Event::Continued, Event::Cancelled, Event::Paused] {
            assert_eq!(self.upload.on(event), []);
        }
    }
}

fn settings(random: &mut Random) -> Settings {
    let most_parts_held = u8::try_from(1 + random.below(4)).unwrap();
    Settings { most_parts_held }
}

/// Returns the answer of the server or the store to a request.
fn answer(
    command: &Command,
    held: &BTreeMap<PartNumber, PartReceipt>,
    server: &mut Server,
    random: &mut Random,
) -> Result<Event, RequestFailure> {
    match command {
        Command::Open => server.open(),
        Command::FetchStatus(_) => server.status(),
        Command::FetchKey(_) => server.key(),
        Command::Sign(receipts) => server.sign(receipts),
        Command::Put(signed) => match held.get(&signed.number) {
            Some(sealed) => server.put(*sealed),
            None => Err(RequestFailure::Network),
        },
        Command::Complete(request) => server.complete(request, random),
        Command::Abort(_) => server.abort(),
        _ => Err(RequestFailure::Network),
    }
}

fn request(command: &Command) -> Request {
    match command {
        Command::Open => Request::Open,
        Command::FetchStatus(_) => Request::FetchStatus,
        Command::FetchKey(_) => Request::FetchKey,
        Command::Sign(receipts) => Request::Sign(receipts.iter().map(|r| r.number).collect()),
        Command::Put(signed) => Request::Put(signed.number),
        Command::Complete(_) => Request::Complete,
        Command::Abort(_) => Request::Abort,
        other => panic!("{other:?} is no request"),
    }
}
