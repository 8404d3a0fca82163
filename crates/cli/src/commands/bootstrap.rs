//! `sealift bootstrap`: sets bucket and KMS key up, step by step.

use anstyle::Style;
use sealift_server::{
    BootstrapError, Config, FailureKind, Step, StepState, Target, config::StoreConfig,
};
use serde::Serialize;

use crate::{
    args::Bootstrap,
    failure::{Exit, Failure},
    terminal::{self, shown},
};

/// The result, for `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    bucket: &'a str,
    prefix: &'a str,
    kms_key: Option<&'a str>,
    steps: Vec<ReportedStep<'a>>,
}

#[derive(Debug, Serialize)]
struct ReportedStep<'a> {
    target: Target,
    state: &'static str,
    what: &'a str,
    note: Option<&'a str>,
}

pub(crate) async fn run(args: Bootstrap) -> anyhow::Result<()> {
    let config = Config::load(&args.cloud.sources())?;
    let (bucket, prefix) = (config.bucket.clone(), config.prefix.to_string());
    let kms_key = config.kms_key.clone();
    let is_aws = matches!(&config.store, StoreConfig::S3 { endpoint: None, .. });
    let looked = sealift_server::Bootstrap::look(config, args.mark).await;
    let mut bootstrap = looked.map_err(without_place)?;
    let json = args.output.json;
    if args.yes {
        let mut said = Ok(());
        let show = |step: &Step| {
            if !json && said.is_ok() {
                said = say(step);
            }
        };
        bootstrap.carry_out(show).await;
        said?;
    } else if !json {
        bootstrap.steps().iter().try_for_each(say)?;
    }
    let steps = bootstrap.steps();
    if json {
        terminal::say_json(&Report {
            bucket: &bucket,
            prefix: &prefix,
            kms_key: kms_key.as_deref(),
            steps: steps.iter().map(reported).collect(),
        })?;
    }
    outcome(steps, args.yes)?;
    if !json && !args.output.quiet {
        terminal::note(end_of(steps, args.yes));
        if args.yes && is_aws {
            terminal::note(
                "Give the server the policy that `sealift policy aws --principal server` prints.",
            );
        }
    }
    Ok(())
}

fn without_place(error: BootstrapError) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

/// The width of the longest word for a state.
const WIDTH: usize = 10;

/// Prints a step, and its note below it.
fn say(step: &Step) -> Result<(), Failure> {
    let (word, style) = word(step.state);
    let word = terminal::styled(&format!("{word:WIDTH$}"), style);
    terminal::say(&format!("{word}{}", shown(&step.what)))?;
    match &step.note {
        Some(note) => terminal::say_indented(WIDTH, &shown(note)),
        None => Ok(()),
    }
}

fn word(state: StepState) -> (&'static str, Style) {
    match state {
        StepState::There => ("there", terminal::FAINT),
        StepState::Missing => ("create", terminal::STRONG),
        StepState::ByHand => ("by hand", terminal::BAD),
        StepState::NotNeeded => ("skipped", terminal::FAINT),
        StepState::Made => ("created", terminal::GOOD),
        StepState::Failed(_) => ("failed", terminal::BAD),
        StepState::Waits => ("waits", terminal::FAINT),
    }
}

fn reported(step: &Step) -> ReportedStep<'_> {
    ReportedStep {
        target: step.target,
        state: match step.state {
            StepState::There => "there",
            StepState::Missing => "missing",
            StepState::ByHand => "by_hand",
            StepState::NotNeeded => "skipped",
            StepState::Made => "created",
            StepState::Failed(_) => "failed",
            StepState::Waits => "waits",
        },
        what: &step.what,
        note: step.note.as_deref(),
    }
}

/// Returns the failure of a run that did not do everything. A run that only looks fails only if it could not look.
fn outcome(steps: &[Step], is_done: bool) -> Result<(), Failure> {
    let kinds: Vec<_> = steps
        .iter()
        .filter_map(|step| match step.state {
            StepState::Failed(kind) => Some(kind),
            _ => None,
        })
        .collect();
    let (by_hand, waiting) = (
        count(steps, StepState::ByHand),
        count(steps, StepState::Waits),
    );
    let all = |kind| kinds.iter().all(|&other| other == kind);
    if let Some(first) = kinds.first() {
        let exit = match first {
            FailureKind::NotAllowed if all(FailureKind::NotAllowed) => Exit::NotAllowed,
            FailureKind::Unreachable if all(FailureKind::Unreachable) => Exit::Unreachable,
            _ => Exit::Failed,
        };
        let waiting = match waiting {
            0 => String::new(),
            waiting => format!(", and {waiting} wait for that"),
        };
        let failed = format!("{} of {} steps failed{waiting}", kinds.len(), steps.len());
        return Err(Failure::new(exit, failed)
            .remedy("mend what the notes say, then run this again; what is there stays as it is")
            .code("incomplete"));
    }
    if is_done && by_hand > 0 {
        let some = format!("{by_hand} of {} steps need a change by hand", steps.len());
        return Err(Failure::new(Exit::Failed, some)
            .remedy("change what the notes say, then run this again")
            .code("by_hand"));
    }
    Ok(())
}

fn end_of(steps: &[Step], is_done: bool) -> &'static str {
    let (missing, by_hand) = (
        count(steps, StepState::Missing),
        count(steps, StepState::ByHand),
    );
    match (is_done, missing, by_hand) {
        (true, _, _) => "Everything is there.",
        (false, 0, 0) => "Everything is there; nothing to do.",
        (false, 0, _) => "Nothing to create, but something to change by hand.",
        (false, _, _) => "Nothing was changed. Give --yes to create what is missing.",
    }
}

fn count(steps: &[Step], state: StepState) -> usize {
    steps.iter().filter(|step| step.state == state).count()
}
