//! Progress on stderr, where a terminal reads it.

use core::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Output;

/// Between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// All bars of a command: one below the other.
#[derive(Debug, Clone)]
pub(crate) struct Bars(MultiProgress);

impl Bars {
    /// Drawn only where stderr is a terminal and neither `--quiet` nor `--json` was given.
    pub(crate) fn new(output: Output) -> Self {
        let target = if output.quiet || output.json {
            ProgressDrawTarget::hidden()
        } else {
            // Itself hidden where stderr is no terminal.
            ProgressDrawTarget::stderr()
        };
        Self(MultiProgress::with_draw_target(target))
    }

    /// A bar over so many bytes; without a number it only counts. The label is other people's words
    /// often enough: it is escaped here.
    pub(crate) fn bytes(&self, label: &str, len: Option<u64>) -> Bar {
        let template = match len {
            Some(_) => {
                "{msg:24!} {wide_bar:.green/dim} {bytes:>10} {binary_bytes_per_sec:>12} {eta:>4}"
            }
            None => "{msg:24!} {spinner} {bytes:>10} {binary_bytes_per_sec:>12}",
        };
        let bar = match len {
            Some(len) => ProgressBar::new(len),
            None => ProgressBar::new_spinner(),
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸─");
        let bar = self.0.add(bar.with_style(style));
        bar.set_message(super::shown(label));
        Bar(bar)
    }

    /// Something that is waited for, nobody knows how long.
    pub(crate) fn waiting(&self, label: &str) -> Bar {
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.0.add(ProgressBar::new_spinner().with_style(style));
        bar.set_message(super::shown(label));
        bar.enable_steady_tick(TICK);
        Bar(bar)
    }

    /// A line above the bars.
    pub(crate) fn note(&self, text: &str) {
        self.suspended(|| super::note(text));
    }

    /// Prints above the bars.
    pub(crate) fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

/// One bar. Wiped when it is dropped: what came of it is said in words.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// So many bytes are done.
    pub(crate) fn reached(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// What is going on, in place of the label.
    pub(crate) fn says(&self, text: &str) {
        self.0.set_message(super::shown(text));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
