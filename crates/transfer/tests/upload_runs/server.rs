//! A server and a store, as far as the state machine can see them. They refuse what the real ones
//! refuse, and assert that the machine never asks for what it must not.

use std::collections::BTreeMap;

use sealift_transfer::{
    Event, PartNumber, PartPlan,
    api::{
        CompleteUpload, PartReceipt, PartReceipts, PartStatus, Sha256, SignedPart, UploadId,
        UploadState, open::Method,
    },
    retry::RequestFailure,
    upload::FoundUpload,
};

use crate::{Tally, random::Random};

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) plan: PartPlan,
    pub(crate) method: Method,
    pub(crate) last_modified_ms: Option<i64>,
    /// `None` until the upload is opened.
    pub(crate) state: Option<UploadState>,
    /// The parts that were signed.
    pub(crate) rows: BTreeMap<PartNumber, Sha256>,
    store: BTreeMap<PartNumber, Sha256>,
}

type Answer = Result<Event, RequestFailure>;

pub(crate) const fn status(status: u16) -> RequestFailure {
    RequestFailure::Status {
        status,
        retry_after_ms: None,
    }
}

pub(crate) fn id() -> UploadId {
    UploadId::from_random([1; 16])
}

const MOST_PARTS_PER_REQUEST: u16 = 3;

impl Server {
    pub(crate) fn new(parts: u64, method: Method) -> Self {
        Self {
            plan: PartPlan::new(444, 4096, parts * 2 * 4096, 2).unwrap(),
            method,
            last_modified_ms: Some(5),
            state: None,
            rows: BTreeMap::new(),
            store: BTreeMap::new(),
        }
    }

    /// Makes the store lose some of its parts.
    pub(crate) fn lose_parts(&mut self, random: &mut Random, tally: &mut Tally) {
        if self.state == Some(UploadState::Open) {
            let before = self.store.len();
            self.store.retain(|_, _| !random.once_in(3));
            let lost = before - self.store.len();
            *tally.entry("lost parts").or_default() += u64::try_from(lost).unwrap();
        }
    }

    /// Aborts the upload, as if somebody else did it.
    pub(crate) fn abort_by_somebody(&mut self) {
        if self.state == Some(UploadState::Open) {
            self.state = Some(UploadState::Aborted);
        }
    }

    pub(crate) fn open(&mut self) -> Answer {
        let has_key = self.state.is_none();
        let state = *self.state.get_or_insert(UploadState::Open);
        if state == UploadState::Complete {
            return Ok(Event::FoundComplete(id()));
        }
        if !has_key && state == UploadState::Open && self.rows.is_empty() {
            return self.status();
        }
        Ok(Event::Opened {
            upload_id: id(),
            plan: self.plan,
            method: self.method,
            most_parts_per_request: MOST_PARTS_PER_REQUEST,
            has_key,
        })
    }

    pub(crate) fn status(&self) -> Answer {
        let state = self.state.ok_or(status(404))?;
        if state == UploadState::Complete {
            return Ok(Event::FoundComplete(id()));
        }
        let part = |(number, sha256): (&PartNumber, &Sha256)| PartStatus {
            number: *number,
            sha256: *sha256,
            stored: self.store.contains_key(number),
        };
        Ok(Event::Found(Box::new(FoundUpload {
            upload_id: id(),
            plan: self.plan,
            method: self.method,
            most_parts_per_request: MOST_PARTS_PER_REQUEST,
            state,
            last_modified_ms: self.last_modified_ms,
            parts: self.rows.iter().map(part).collect(),
        })))
    }

    pub(crate) fn key(&self) -> Answer {
        self.must_be_open()?;
        Ok(Event::KeyFetched)
    }

    pub(crate) fn sign(&mut self, receipts: &[PartReceipt]) -> Answer {
        assert!(receipts.len() <= usize::from(MOST_PARTS_PER_REQUEST));
        self.must_be_open()?;
        for receipt in receipts {
            let row = self.rows.entry(receipt.number).or_insert(receipt.sha256);
            assert_eq!(*row, receipt.sha256, "a second ciphertext of a part");
        }
        let signed = receipts.iter().map(|receipt| SignedPart {
            number: receipt.number,
            url: "https://s3".into(),
            headers: BTreeMap::new(),
            expires_at_ms: 0,
            expires_in_ms: None,
        });
        Ok(Event::Signed(signed.collect()))
    }

    pub(crate) fn put(&mut self, sealed: PartReceipt) -> Answer {
        let part = sealed.number;
        let signed = self.rows.get(&part);
        assert_eq!(signed, Some(&sealed.sha256), "other bytes than were signed");
        match self.method {
            Method::Single if self.store.contains_key(&part) => return Err(status(412)),
            // The store has nothing of a single PUT before it arrives, so it accepts the PUT in
            // any state of the server.
            Method::Single => {}
            Method::Multipart => self.must_be_open().map_err(|_| status(404))?,
        }
        self.store.insert(part, sealed.sha256);
        Ok(Event::Sent(part))
    }

    pub(crate) fn complete(&mut self, request: &CompleteUpload, random: &mut Random) -> Answer {
        let state = self.state.unwrap();
        if state == UploadState::Complete {
            return Ok(Event::Completed);
        }
        if !matches!(state, UploadState::Open | UploadState::Completing) {
            return Err(status(409));
        }
        assert_eq!(self.store, self.rows, "completion without all parts");
        let mut receipts = PartReceipts::default();
        for (&number, &sha256) in &self.rows {
            receipts.note(PartReceipt { number, sha256 }).unwrap();
        }
        let digest = receipts.digest(self.plan.part_count()).unwrap();
        assert_eq!(request.parts_sha256, digest);
        if state == UploadState::Open && random.once_in(3) {
            // The server crashes half-way.
            self.state = Some(UploadState::Completing);
            return Err(RequestFailure::Network);
        }
        if state == UploadState::Completing && random.once_in(2) {
            // The crashed server's lease still holds.
            return Err(RequestFailure::Completing {
                retry_after_ms: None,
            });
        }
        self.state = Some(UploadState::Complete);
        Ok(Event::Completed)
    }

    pub(crate) fn abort(&mut self) -> Answer {
        match self.state {
            Some(UploadState::Complete | UploadState::Completing) => Err(status(409)),
            _ => {
                self.state = Some(UploadState::Aborted);
                Ok(Event::Aborted)
            }
        }
    }

    fn must_be_open(&self) -> Result<(), RequestFailure> {
        match self.state {
            Some(UploadState::Open) => Ok(()),
            _ => Err(status(409)),
        }
    }
}
