//! The only module that prints. It uses colours only on a terminal, and only if NO_COLOR is not set.

mod entry;
mod progress;
mod shown;
mod size;

pub(crate) use entry::{Entry, say_entry, stdout_width};
pub(crate) use progress::{Bar, Bars};
pub(crate) use shown::{is_unprintable, shown};
pub(crate) use size::human_size;

use std::io::{self, Write as _, stderr, stdout};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

use crate::failure::{Exit, Failure};

/// The style of minor details.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// The style of headings and of the most important words.
pub(crate) const STRONG: Style = Style::new().bold();
/// The style of success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// The style of warnings.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// The style of failure.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Prints a result to stdout. If the reader has closed stdout, the text is dropped without an error.
///
/// # Errors
/// Fails if stdout cannot be written for another reason, such as a full disk.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = AutoStream::auto(stdout().lock());
    // Flush at once, because a program may wait for the server's address on a pipe.
    let said = writeln!(out, "{text}").and_then(|()| out.flush());
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(&error)),
        _ => Ok(()),
    }
}

/// Returns the failure for an error on stdout.
pub(crate) fn unwritten(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::new(Exit::Failed, "the reader of stdout closed it"),
        _ => Failure::new(Exit::Failed, format!("stdout cannot be written ({error})"))
            .code("not_saved"),
    }
}

/// Prints a result for programs: one JSON document on a line.
pub(crate) fn say_json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(say(&serde_json::to_string(document)?)?)
}

/// Prints a text below a line of a list, indented. On a terminal, lines break between words.
///
/// # Errors
/// Fails like [`say`].
pub(crate) fn say_indented(indent: usize, text: &str) -> Result<(), Failure> {
    let width = terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0));
    let indent = " ".repeat(indent);
    let text = match width {
        Some(width) => {
            let options = textwrap::Options::new(width.max(40))
                .initial_indent(&indent)
                .subsequent_indent(&indent)
                // Paths and addresses stay in one piece, so that they can be copied.
                .word_splitter(textwrap::WordSplitter::NoHyphenation)
                .break_words(false);
            textwrap::fill(text, options)
        }
        None => format!("{indent}{text}"),
    };
    say(&text)
}

/// Prints everything that is not a result to stderr: notes and errors.
pub(crate) fn note(text: &str) {
    let _ = writeln!(AutoStream::auto(stderr().lock()), "{text}");
}

/// Prints a sentence or two as `note` does. On a terminal, lines break between words.
pub(crate) fn note_wrapped(name: &str, text: &str) {
    let width = terminal_size::terminal_size_of(stderr()).map(|(width, _)| usize::from(width.0));
    let text = match width {
        // Wrap with the bare name, because escape codes for its style have no width.
        Some(width) => textwrap::fill(&format!("{name} {text}"), width.max(20)),
        None => format!("{name} {text}"),
    };
    let rest = text.strip_prefix(name).unwrap_or(&text);
    note(&format!("{}{rest}", styled(name, BAD)));
}

/// Returns a text in a style, for `say` and `note`.
pub(crate) fn styled(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// Returns stdout for plaintext. Writing is asynchronous, because it may have to wait for the reader.
pub(crate) fn bytes() -> tokio::io::Stdout {
    tokio::io::stdout()
}

/// Writes bytes to stdout unchanged, such as a script or a manual page.
///
/// # Errors
/// Fails if stdout cannot be written, also if its reader has closed it.
pub(crate) fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
