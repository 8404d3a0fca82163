//! One piece of work: what it is called, how long it took, where its output went.

use crate::terminal::{self, Clock};
use crate::workshop::Workshop;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Write, pipe};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// How many lines of a failed tool's output are shown: of its end, and of those that name a failure before.
const TAIL_LINES: usize = 60;

/// How many characters of a line are shown: one that a test printed a file into is cut.
const LINE_CHARS: usize = 400;

/// What a line that names a failure holds: how Rust's test harness and its panics, and wasm-bindgen's, write it.
const NAMES_A_FAILURE: [&str; 4] = [" ... FAIL", "panicked at", "error: ", "Error: "];

/// How many lines a panic's message is shown with.
const PANIC_LINES: usize = 4;

/// How long the last output of a tool that has ended may take to arrive.
const LAST_OUTPUT: Duration = Duration::from_secs(3);

/// The output of one piece of work, in a file.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    verbose: bool,
}

/// What a piece of work came to.
pub(crate) struct Finished<T> {
    pub(crate) took: Duration,
    pub(crate) result: Result<T>,
}

/// Does `work` under `name`: says so while it runs, and its seconds when it ends. Where it fails, the end of its output
/// is shown.
pub(crate) fn timed<T>(
    workshop: &Workshop,
    name: &str,
    work: impl FnOnce(&mut Log) -> Result<T>,
) -> Finished<T> {
    let clock = Clock::start(name, workshop.verbose);
    let began = Instant::now();
    let log = Log::begin(workshop, name);
    let (result, path) = match log {
        Ok(mut log) => (work(&mut log), Some(log.path)),
        Err(error) => (Err(error), None),
    };
    let took = began.elapsed();
    drop(clock);
    let word = if result.is_ok() { "done" } else { "FAILED" };
    terminal::say(&format!("{name}: {word} after {:.1} s", took.as_secs_f64()));
    if let (Err(error), Some(path)) = (&result, path) {
        show_failure(error, &path, workshop.verbose);
    }
    Finished { took, result }
}

fn show_failure(error: &anyhow::Error, path: &Path, shown_already: bool) {
    if !shown_already {
        let output = fs::read(path).unwrap_or_default();
        for line in worth_showing(&String::from_utf8_lossy(&output)) {
            let line: String = line.chars().take(LINE_CHARS).collect();
            terminal::say(&format!("  | {line}"));
        }
    }
    terminal::say(&format!("  {error:#}"));
    terminal::say(&format!("  all of its output: {}", path.display()));
}

/// The end of the output, and before it whatever names a failure, with the line that says what was wrong: where many
/// test binaries run one after the other, the failure is seldom at the end.
fn worth_showing(output: &str) -> Vec<&str> {
    let lines: Vec<&str> = output.lines().collect();
    let (before, end) = lines.split_at(lines.len().saturating_sub(TAIL_LINES));
    let mut shown = Vec::new();
    let mut of_a_panic = 0_usize;
    for line in before {
        if line.contains("panicked at") {
            of_a_panic = PANIC_LINES;
        }
        if of_a_panic > 0 || NAMES_A_FAILURE.iter().any(|words| line.contains(words)) {
            shown.push(*line);
        }
        of_a_panic = of_a_panic.saturating_sub(1);
    }
    shown.truncate(TAIL_LINES);
    shown.extend(end);
    shown
}

impl Log {
    fn begin(workshop: &Workshop, name: &str) -> Result<Self> {
        let path = workshop.log_path(name)?;
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            path,
            file,
            verbose: workshop.verbose,
        })
    }

    /// Runs a tool to its end, its output into this log.
    ///
    /// # Errors
    /// Where it cannot start, or ends with anything but success.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<()> {
        let shown = shown(command);
        self.note(&format!("$ {shown}"))?;
        let (mut output, input) = pipe().context("cannot make a pipe")?;
        command
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start `{shown}`"))?;
        // The command keeps its ends of the pipe open; without them the reader sees the end of the output.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut file = self.file.try_clone().context("cannot share the log file")?;
        let verbose = self.verbose;
        let reader = thread::spawn(move || copy(&mut output, &mut file, verbose));
        let status = child
            .wait()
            .with_context(|| format!("cannot wait for `{shown}`"))?;
        // Something the tool left behind may hold the pipe open: its output is not waited for.
        let patience = Instant::now();
        while !reader.is_finished() && patience.elapsed() < LAST_OUTPUT {
            thread::sleep(Duration::from_millis(10));
        }
        if !status.success() {
            bail!("`{shown}` ended with {status}");
        }
        Ok(())
    }

    /// A line of our own in the log.
    pub(crate) fn note(&mut self, line: &str) -> Result<()> {
        if self.verbose {
            terminal::say(line);
        }
        writeln!(self.file, "{line}")
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// What was logged until now.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.path).unwrap_or_default()).into_owned()
    }
}

fn copy(output: &mut impl Read, file: &mut File, verbose: bool) -> std::io::Result<()> {
    let mut buffer = [0; 8192];
    loop {
        let got = output.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..got).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        file.write_all(bytes)?;
        if verbose {
            terminal::pass_on(bytes);
        }
    }
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{TAIL_LINES, worth_showing};

    #[test]
    fn a_failure_far_from_the_end_is_shown_with_its_reason() {
        let mut output = vec!["test of::many ... ok", "test of::one ... FAILED"];
        output.extend(["thread 'of::one' panicked at tests/of.rs:7:5:", "it is not"]);
        output.extend(["a", "backtrace", "of", "many", "lines"]);
        output.extend(["test of::others ... ok"; TAIL_LINES]);
        let output = output.join("\n");
        let shown = worth_showing(&output);
        assert_eq!(
            shown[..5],
            [
                "test of::one ... FAILED",
                "thread 'of::one' panicked at tests/of.rs:7:5:",
                "it is not",
                "a",
                "backtrace",
            ]
        );
        assert_eq!(shown[5..], ["test of::others ... ok"; TAIL_LINES]);
    }
}
