//! Random runs of the state machine: a driver that answers in any order, a network that fails and
//! loses answers, a person who pauses, leaves and comes back with another file. `driver.rs` and
//! `server.rs` assert the invariants at every step.

#![expect(clippy::unwrap_used, reason = "a test")]

mod driver;
mod file;
mod random;
mod server;

use std::{collections::BTreeMap, env};

use sealift_transfer::{
    api::{UploadState, open::Method},
    upload::Outcome,
};

use driver::{Driver, Temper};
use file::ChosenFile;
use random::Random;
use server::{Server, status};

const STORIES: u64 = 6_000;

/// Counts what happened in all runs, by name.
type Tally = BTreeMap<&'static str, u64>;

#[test]
fn whatever_happens_every_upload_ends_complete_or_aborted_and_nothing_is_ever_sealed_twice() {
    let first = env::var("SEALIFT_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut tally = Tally::new();
    for seed in first..first + STORIES {
        // The last seed printed is the one that failed.
        println!("SEALIFT_TEST_SEED={seed}");
        play(seed, &mut tally);
    }
    println!("{tally:?}");
    // The runs must have reached all of these cases.
    for (what, least) in [
        ("steps", 100_000),
        ("pauses", 1_000),
        ("compared", 1_000),
        ("lost answers", 1_000),
        ("lost parts", 100),
        ("complete", 1_000),
        ("left", 100),
        ("changed", 100),
        ("cancelled", 50),
        ("failed", 100),
        ("gone", 10),
        ("met its own object", 10),
        ("addresses that ended", 500),
    ] {
        let times = tally.get(what).copied().unwrap_or_default();
        assert!(times >= least, "{what}: {times} times only; {tally:?}");
    }
}

/// Plays one upload: begins it, resumes it in several runs, and at last in a patient run with the
/// right file.
fn play(seed: u64, tally: &mut Tally) {
    let mut random = Random(seed);
    let parts = 1 + random.below(9);
    let method = match parts {
        1 => Method::Single,
        _ => Method::Multipart,
    };
    let mut server = Server::new(parts, method);
    let file = ChosenFile::first(&server);
    let mut driver = Driver::start(file, &mut random);
    for _ in 0..random.below(5) {
        let outcome = driver.run(&mut server, &mut random, Temper::Wild, tally);
        is_true(&outcome, &server);
        if is_over(&outcome, tally) {
            return;
        }
        if server.state.is_some() && random.once_in(4) {
            server.lose_parts(&mut random, tally);
        }
        let file = ChosenFile::another(&server, &mut random);
        driver = Driver::go_on(file, &server, &mut random);
    }
    let outcome = driver.run(&mut server, &mut random, Temper::Wild, tally);
    is_true(&outcome, &server);
    if is_over(&outcome, tally) {
        return;
    }
    let file = ChosenFile::as_signed(&server);
    let mut driver = Driver::go_on(file, &server, &mut random);
    let outcome = driver.run(&mut server, &mut random, Temper::Patient, tally);
    let is_gone = server.state == Some(UploadState::Aborted);
    match outcome {
        Outcome::Complete(_) => assert_eq!(server.state, Some(UploadState::Complete)),
        Outcome::Gone(_) => assert!(is_gone),
        other => panic!("{other:?}, and the server: {server:?}"),
    }
    is_over(&outcome, tally);
}

/// Checks that a cancelled upload never becomes a file.
fn is_true(outcome: &Outcome, server: &Server) {
    match outcome {
        Outcome::Cancelled => assert!(
            matches!(server.state, None | Some(UploadState::Aborted)),
            "reported as cancelled: {server:?}"
        ),
        Outcome::Complete(_) => assert_eq!(server.state, Some(UploadState::Complete)),
        _ => {}
    }
}

/// Counts an outcome. Returns whether nothing can follow it.
fn is_over(outcome: &Outcome, tally: &mut Tally) -> bool {
    let (what, is_over) = match outcome {
        Outcome::Complete(_) => ("complete", true),
        Outcome::Cancelled => ("cancelled", true),
        Outcome::SourceFailed => ("source failed", true),
        Outcome::Gone(_) => ("gone", true),
        Outcome::Failed { failure, .. } => {
            assert_ne!(
                *failure,
                status(412),
                "an object that is there is no failure"
            );
            ("failed", false)
        }
        Outcome::NotAborted { .. } => ("not taken back", false),
        Outcome::Changed { .. } => ("changed", false),
        Outcome::Left => ("left", false),
        Outcome::Broken(why) => panic!("{why}"),
    };
    *tally.entry(what).or_default() += 1;
    is_over
}
