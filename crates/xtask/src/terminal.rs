//! The only module that prints.

#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks on the standard output"
)]

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Prints one line for the person who waits.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Prints one line on stderr that says what went wrong and what to do.
pub(crate) fn complain(line: &str) {
    // If even this fails, nothing can be done.
    let _gone = writeln!(stderr(), "error: {line}");
}

/// Prints the raw output of a tool unchanged.
pub(crate) fn pass_on(bytes: &[u8]) {
    let _gone = stdout().write_all(bytes);
}

/// Shows what runs: on a terminal a line that counts the seconds, elsewhere one plain line.
pub(crate) struct Clock {
    over: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Clock {
    pub(crate) fn start(name: &str, quiet_line: bool) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        if quiet_line || !stdout().is_terminal() {
            say(&format!("{name} ..."));
            return Self { over, ticker: None };
        }
        let seen = Arc::clone(&over);
        let name = name.to_owned();
        let ticker = std::thread::spawn(move || {
            let began = Instant::now();
            while !seen.load(Ordering::Relaxed) {
                print!("\r{name} ... {} s", began.elapsed().as_secs());
                let _gone = stdout().flush();
                std::thread::park_timeout(Duration::from_secs(1));
            }
            print!("\r\x1b[K");
        });
        Self {
            over,
            ticker: Some(ticker),
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            // It does not matter if the ticker panicked.
            let _gone = ticker.join();
        }
    }
}
