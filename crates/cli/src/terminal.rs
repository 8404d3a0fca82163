//! The only place that prints. Colours only where a terminal reads and NO_COLOR is not set.

mod progress;
mod shown;
mod size;

pub(crate) use progress::{Bar, Bars};
pub(crate) use shown::{is_unprintable, shown};
pub(crate) use size::human_size;

use std::io::{self, Write as _, stderr, stdout};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

use crate::failure::{Exit, Failure};

/// Of what is beside the point.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Of headings and of what matters most.
pub(crate) const STRONG: Style = Style::new().bold();
/// Of what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Of what went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// What was asked for. Where nobody reads any more there is nobody to tell.
///
/// # Errors
/// Where somebody would read it, and it cannot be written: on a full disk.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = AutoStream::auto(stdout().lock());
    // A program that waits for the address reads it from a pipe.
    let said = writeln!(out, "{text}").and_then(|()| out.flush());
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(&error)),
        _ => Ok(()),
    }
}

/// Stdout that was not written to its end.
pub(crate) fn unwritten(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::new(Exit::Failed, "whoever read stdout is gone"),
        _ => Failure::new(Exit::Failed, format!("stdout cannot be written ({error})"))
            .code("not_saved"),
    }
}

/// The same for programs: one JSON document a line.
pub(crate) fn say_json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(say(&serde_json::to_string(document)?)?)
}

/// What happens beside it, or went wrong.
pub(crate) fn note(text: &str) {
    let _ = writeln!(AutoStream::auto(stderr().lock()), "{text}");
}

/// As `note`, a sentence or two: where a terminal reads, broken between words.
pub(crate) fn note_wrapped(name: &str, text: &str) {
    let width = terminal_size::terminal_size_of(stderr()).map(|(width, _)| usize::from(width.0));
    let text = match width {
        // The name begins the first line, and its style has no width.
        Some(width) => textwrap::fill(&format!("{name} {text}"), width.max(20)),
        None => format!("{name} {text}"),
    };
    let rest = text.strip_prefix(name).unwrap_or(&text);
    note(&format!("{}{rest}", styled(name, BAD)));
}

/// A text with its style, for `say` and `note`.
pub(crate) fn styled(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// Stdout for somebody's plaintext, which may have to wait for whoever reads it.
pub(crate) fn bytes() -> tokio::io::Stdout {
    tokio::io::stdout()
}

/// Bytes as they are: a script or a page.
///
/// # Errors
/// Where nobody reads any more.
pub(crate) fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
