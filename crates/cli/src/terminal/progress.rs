//! Progress bars on stderr, if that is a terminal.

use core::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Output;

/// The time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// All bars of a command, one below the other.
#[derive(Debug, Clone)]
pub(crate) struct Bars(MultiProgress);

impl Bars {
    /// Makes the bars. They are drawn only if stderr is a terminal and neither `--quiet` nor `--json` was given.
    pub(crate) fn new(output: Output) -> Self {
        let target = if output.quiet || output.json {
            ProgressDrawTarget::hidden()
        } else {
            // This target is hidden by itself if stderr is not a terminal.
            ProgressDrawTarget::stderr()
        };
        Self(MultiProgress::with_draw_target(target))
    }

    /// Makes a bar for `len` bytes; without `len` it only counts. The label is escaped, because it is often other
    /// people's words.
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

    /// Makes a spinner for a wait of unknown length.
    pub(crate) fn waiting(&self, label: &str) -> Bar {
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.0.add(ProgressBar::new_spinner().with_style(style));
        bar.set_message(super::shown(label));
        bar.enable_steady_tick(TICK);
        Bar(bar)
    }

    /// Prints a line above the bars.
    pub(crate) fn note(&self, text: &str) {
        self.suspended(|| super::note(text));
    }

    /// Hides the bars while `print` runs.
    pub(crate) fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

/// One bar. It is wiped when it is dropped, because the result is printed in words.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Sets the number of bytes that are done.
    pub(crate) fn reached(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Sets the number of bytes of the whole.
    pub(crate) fn is_of(&self, bytes: u64) {
        self.0.set_length(bytes);
    }

    /// Replaces the label with what is happening now.
    pub(crate) fn says(&self, text: &str) {
        self.0.set_message(super::shown(text));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
