//! Counts how far a download is, in plaintext bytes, and reports it just often enough to look smooth.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Date;

use super::pieces::Piece;
use crate::{downloader::report::DownloadReporter, short_map::ShortMap};

/// The least milliseconds between two reports.
const REPORT_EVERY_MS: f64 = 100.0;

/// Counts the bytes that were received and saved.
pub struct Progress {
    reporter: Rc<DownloadReporter>,
    size: u64,
    saved: Cell<u64>,
    coming: RefCell<ShortMap<u64, u64>>,
    reported_at_ms: Cell<f64>,
}

impl Progress {
    /// Starts at 0 of `size` bytes.
    #[must_use]
    pub fn new(reporter: Rc<DownloadReporter>, size: u64) -> Self {
        Self {
            reporter,
            size,
            saved: Cell::new(0),
            coming: RefCell::default(),
            reported_at_ms: Cell::new(0.0),
        }
    }

    /// Records that `sealed_bytes` of this piece were received so far.
    pub(super) fn comes(&self, piece: &Piece, sealed_bytes: u64) {
        let plaintext_bytes = sealed_bytes.min(piece.plaintext_len());
        let mut coming = self.coming.borrow_mut();
        coming.insert(piece.plaintext.start, plaintext_bytes);
        drop(coming);
        self.report_now_and_then();
    }

    /// Records that this piece was opened and saved.
    pub(super) fn saved(&self, piece: &Piece) {
        self.coming.borrow_mut().remove(&piece.plaintext.start);
        let saved = self.saved.get().saturating_add(piece.plaintext_len());
        self.saved.set(saved);
        if saved == self.size {
            self.report();
        } else {
            self.report_now_and_then();
        }
    }

    /// Reports that an attempt failed and is retried.
    pub(super) fn retrying(&self) {
        self.reporter.retrying();
    }

    fn report_now_and_then(&self) {
        let now_ms = Date::now();
        if (now_ms - self.reported_at_ms.get()).abs() >= REPORT_EVERY_MS {
            self.reported_at_ms.set(now_ms);
            self.report();
        }
    }

    fn report(&self) {
        let coming: u64 = self.coming.borrow().values().sum();
        let opened = self.saved.get().saturating_add(coming);
        self.reporter.progress(opened, self.size);
    }
}
