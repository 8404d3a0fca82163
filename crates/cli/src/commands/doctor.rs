//! `sealift doctor`: checks the deployment, and says what is wrong with it and what mends it.

use sealift_server::{
    Clock,
    doctor::{CHECKS, Check, Outcome, examine},
};
use serde::Serialize;

use crate::{
    args::Doctor,
    failure::{Exit, Failure},
    terminal::{self, Entry, shown},
};

/// The document of `--json`.
#[derive(Debug, Serialize)]
struct Document<'a> {
    failed: usize,
    warnings: usize,
    checks: &'a [Check],
}

pub(crate) async fn run(args: Doctor) -> anyhow::Result<()> {
    let mut checks = Vec::new();
    let mut printer = Printer::new();
    let mut report = |check: Check| {
        if !args.json {
            printer.print(&check);
        }
        checks.push(check);
    };
    let sources = args.serve.sources();
    let public_url = args.public_url.as_deref();
    examine(&sources, public_url, &Clock::system(), &mut report).await;
    printer.finish()?;
    let count = |outcome| {
        let of_outcome = checks.iter().filter(|check| check.outcome == outcome);
        of_outcome.count()
    };
    let (failed, warnings) = (count(Outcome::Failed), count(Outcome::Warning));
    if args.json {
        terminal::say_json(&Document {
            failed,
            warnings,
            checks: &checks,
        })?;
    } else {
        terminal::say(&summary(failed, warnings, count(Outcome::Ok)))?;
    }
    let message = match failed {
        0 => return Ok(()),
        1 => "one check failed".to_owned(),
        failed => format!("{failed} checks failed"),
    };
    let failure = Failure::new(Exit::Failed, message);
    Err(match failed {
        1 => failure.into(),
        _ => failure
            .remedy("mend the first one first, because others may follow from it")
            .into(),
    })
}

/// Prints each check as it comes. On a terminal, checks in a row that do not apply for the same reason are one entry.
struct Printer {
    name_width: usize,
    width: Option<usize>,
    /// The first of those in a row, and the number of the others.
    held: Option<(Check, usize)>,
    unsaid: Option<Failure>,
}

impl Printer {
    fn new() -> Self {
        let names = CHECKS.iter().map(|check| check.name.len());
        Self {
            name_width: names.max().unwrap_or(0),
            width: terminal::stdout_width(),
            held: None,
            unsaid: None,
        }
    }

    fn print(&mut self, check: &Check) {
        if let Some((first, others)) = &mut self.held
            && check.outcome == Outcome::NotApplicable
            && check.sentence == first.sentence
        {
            *others = others.saturating_add(1);
            return;
        }
        self.print_held();
        if self.width.is_some() && check.outcome == Outcome::NotApplicable {
            self.held = Some((check.clone(), 0));
        } else {
            self.say(check, check.name);
        }
    }

    fn print_held(&mut self) {
        match self.held.take() {
            None => {}
            Some((check, 0)) => self.say(&check, check.name),
            Some((check, others)) => {
                self.say(&check, &format!("{} and {others} more", check.name));
            }
        }
    }

    fn say(&mut self, check: &Check, name: &str) {
        // A sentence may repeat words of the store or of KMS.
        let (sentence, remedy) = (shown(&check.sentence), check.remedy.as_deref().map(shown));
        let entry = entry(check.outcome, name, &sentence, remedy.as_deref());
        let said = terminal::say_entry(&entry, self.name_width, self.width);
        if let Err(error) = said {
            self.unsaid = Some(error);
        }
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.print_held();
        self.unsaid.map_or(Ok(()), Err)
    }
}

fn entry<'a>(
    outcome: Outcome,
    name: &'a str,
    sentence: &'a str,
    remedy: Option<&'a str>,
) -> Entry<'a> {
    let (mark, style) = match outcome {
        Outcome::Ok => ("ok", terminal::GOOD),
        Outcome::Warning => ("warning", terminal::WARN),
        Outcome::Failed => ("failed", terminal::BAD),
        Outcome::NotApplicable => ("-", terminal::FAINT),
    };
    Entry {
        mark,
        style,
        name,
        sentence,
        remedy,
        is_faint: outcome == Outcome::NotApplicable,
    }
}

fn summary(failed: usize, warnings: usize, passed: usize) -> String {
    let warnings = match warnings {
        1 => "1 warning".to_owned(),
        warnings => format!("{warnings} warnings"),
    };
    let text = format!("{failed} failed, {warnings}, {passed} ok");
    format!("\n{}", terminal::styled(&text, terminal::STRONG))
}
