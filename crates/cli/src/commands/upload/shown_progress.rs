//! The progress bars of an upload: one for each file, and one for all together if there are several. Then a small file
//! has a bar only if it has to wait, because dozens of bars would come and go too fast to be read.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use sealift_client::Progress;
use sealift_transfer::batches::LARGEST_SMALL_FILE;

use super::Chosen;
use crate::terminal::{Bar, Bars};

/// The bar of all files together; `None` for a single file.
pub(super) struct Total(Option<Arc<All>>);

struct All {
    bar: Bar,
    stored: AtomicU64,
}

impl Total {
    pub(super) fn of(chosen: &[Chosen], bars: &Bars) -> Self {
        if chosen.len() < 2 {
            return Self(None);
        }
        let len: Option<u64> = chosen.iter().map(|one| one.len).sum();
        let label = format!("{} files", chosen.len());
        Self(Some(Arc::new(All {
            bar: bars.bytes(&label, len),
            stored: AtomicU64::new(0),
        })))
    }

    /// Makes the bar of one file.
    pub(super) fn file(&self, bars: &Bars, name: &str, len: u64) -> ShownProgress {
        ShownProgress {
            bar: OnceLock::new(),
            bars: bars.clone(),
            len,
            is_brief: self.0.is_some() && len <= LARGEST_SMALL_FILE,
            name: name.to_owned(),
            all: self.0.clone(),
            stored: Mutex::new(0),
        }
    }
}

/// The bar of one file.
pub(super) struct ShownProgress {
    bar: OnceLock<Bar>,
    bars: Bars,
    len: u64,
    /// Whether the file has no bar while all goes well.
    is_brief: bool,
    name: String,
    all: Option<Arc<All>>,
    /// Bytes of this file that were added to the bar of all files.
    stored: Mutex<u64>,
}

impl ShownProgress {
    pub(super) fn on_progress(&self, now: &Progress) {
        let is_comparing = now.compared_plaintext_len < now.to_compare_plaintext_len;
        if !self.is_brief || now.retries_in_ms.is_some() {
            self.bar
                .get_or_init(|| self.bars.bytes(&self.name, Some(self.len)));
        }
        if let Some(bar) = self.bar.get() {
            match now.retries_in_ms {
                Some(ms) => bar.says(&format!("retry in {} s", ms.div_ceil(1_000))),
                None if is_comparing => bar.says(&format!("comparing {}", self.name)),
                None => bar.says(&self.name),
            }
            bar.reached(match is_comparing {
                true => now.compared_plaintext_len,
                false => now.stored_plaintext_len,
            });
        }
        if let Some(all) = &self.all {
            let mut before = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
            // An upload that starts again counts from 0 again.
            let more = now.stored_plaintext_len.saturating_sub(*before);
            *before = before.max(now.stored_plaintext_len);
            let stored = all.stored.fetch_add(more, Ordering::Relaxed);
            all.bar.reached(stored.saturating_add(more));
        }
    }
}
