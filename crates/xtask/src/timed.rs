//! Runs one piece of work: prints its name and its time, and writes its output to a log file.

use crate::terminal::{self, Clock};
use crate::workshop::Workshop;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Write, pipe};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The number of lines to show of a failed tool's output: at most this many from its end, and as many before that name
/// a failure.
const TAIL_LINES: usize = 60;

/// The number of characters to show of a line. A test may print a whole file into one line.
const LINE_CHARS: usize = 400;

/// The words in a line that names a failure, as Rust's test harness, panics, wasm-bindgen, TypeScript and Node.js write
/// them.
const NAMES_A_FAILURE: [&str; 6] = [
    " ... FAIL",
    "panicked at",
    "error: ",
    "Error: ",
    "error TS",
    "not ok ",
];

/// The number of lines to show from a panic's first line on.
const PANIC_LINES: usize = 4;

/// The time that the last output of a tool may take to arrive after the tool has ended.
const LAST_OUTPUT: Duration = Duration::from_secs(3);

/// The output of one piece of work, in a file.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    verbose: bool,
}

/// The result of a piece of work, and the time that it took.
pub(crate) struct Finished<T> {
    pub(crate) took: Duration,
    pub(crate) result: Result<T>,
}

/// Runs `work`. Shows `name` while it runs, and its seconds when it ends. If it fails, the end of its output is shown.
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
    terminal::say(&format!("  the whole output is in {}", path.display()));
}

/// Returns the lines to show: the end of the output, and before it the lines that name a failure, with the reason. If
/// many test programs run one after the other, the failure is seldom at the end.
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

    /// Runs a tool to its end, and writes its output to this log.
    ///
    /// # Errors
    /// Fails if the tool cannot start or does not succeed.
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
        // The command keeps its ends of the pipe open. Replace them, so that the reader sees the end of the output.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut file = self.file.try_clone().context("cannot share the log file")?;
        let verbose = self.verbose;
        let reader = thread::spawn(move || copy(&mut output, &mut file, verbose));
        let status = child
            .wait()
            .with_context(|| format!("cannot wait for `{shown}`"))?;
        // A process that the tool left behind may hold the pipe open. Do not wait for its output.
        let patience = Instant::now();
        while !reader.is_finished() && patience.elapsed() < LAST_OUTPUT {
            thread::sleep(Duration::from_millis(10));
        }
        if !status.success() {
            bail!("`{shown}` ended with {status}");
        }
        Ok(())
    }

    /// Writes a line of our own to the log.
    pub(crate) fn note(&mut self, line: &str) -> Result<()> {
        if self.verbose {
            terminal::say(line);
        }
        writeln!(self.file, "{line}")
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Returns the text of the log so far.
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

/// Returns the command as a person would type it.
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
