//! `sealift doctor`: checks the deployment, and says what is wrong with it and what mends it.

use sealift_server::{
    Clock,
    doctor::{CHECKS, Check, Outcome, examine},
};
use serde::Serialize;

use crate::{
    args::Doctor,
    failure::{Exit, Failure},
    terminal::{self, Entry},
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
    let mut unsaid = None;
    let name_width = CHECKS.iter().map(|check| check.name.len()).max();
    let mut report = |check: Check| {
        if !args.json
            && let Err(error) = terminal::say_entry(&entry(&check), name_width.unwrap_or(0))
        {
            unsaid = Some(error);
        }
        checks.push(check);
    };
    let sources = args.serve.sources();
    let public_url = args.public_url.as_deref();
    examine(&sources, public_url, &Clock::system(), &mut report).await;
    if let Some(error) = unsaid {
        return Err(error.into());
    }
    let count = |outcome| {
        checks
            .iter()
            .filter(|check| check.outcome == outcome)
            .count()
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
    match failed {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Failed, "one check failed").into()),
        failed => Err(Failure::new(Exit::Failed, format!("{failed} checks failed")).into()),
    }
}

fn entry(check: &Check) -> Entry<'_> {
    let (mark, style) = match check.outcome {
        Outcome::Ok => ("ok", terminal::GOOD),
        Outcome::Warning => ("warning", terminal::WARN),
        Outcome::Failed => ("failed", terminal::BAD),
        Outcome::NotApplicable => ("-", terminal::FAINT),
    };
    Entry {
        mark,
        style,
        name: check.name,
        sentence: &check.sentence,
        remedy: check.remedy.as_deref(),
        is_faint: check.outcome == Outcome::NotApplicable,
    }
}

fn summary(failed: usize, warnings: usize, passed: usize) -> String {
    let warnings = match warnings {
        1 => "1 warning".to_owned(),
        warnings => format!("{warnings} warnings"),
    };
    let text = format!("\n{failed} failed, {warnings}, {passed} ok");
    terminal::styled(&text, terminal::STRONG)
}
