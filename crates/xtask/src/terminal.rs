//! The only place that prints.

#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks on the standard output"
)]

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One line for the person who waits.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// One line that says what went wrong and what to do.
pub(crate) fn complain(line: &str) {
    // Nothing can be done where even this fails.
    let _gone = writeln!(stderr(), "error: {line}");
}

/// Raw output of a tool, passed on as it comes.
pub(crate) fn pass_on(bytes: &[u8]) {
    let _gone = stdout().write_all(bytes);
}

/// Says what runs, and for how long it has: a line that counts on a terminal, one plain line elsewhere.
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
            // A ticker that panicked has nothing left to say.
            let _gone = ticker.join();
        }
    }
}
