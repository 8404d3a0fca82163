//! The figures that the run prints at its end.

use std::collections::{BTreeMap, BTreeSet};

use sealift_tests::FaultKind;
use sealift_transfer::api::FileId;

use crate::{deployment::Deployment, terminal::say};

/// The disturbances of the server.
#[derive(Debug, Default)]
pub(crate) struct Disturbances {
    pub(crate) kills: u64,
    pub(crate) locks: u64,
    pub(crate) full_disks: u64,
    /// Server starts that failed because of a fault and were repeated.
    pub(crate) refused_starts: u64,
    /// How often the server ended without being killed, which must never happen.
    pub(crate) deaths: u64,
}

/// The outcome of the uploads. The tallies of several uploads can be added.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) uploads: u64,
    pub(crate) complete: u64,
    /// The numbers of the cancelled uploads.
    pub(crate) cancelled: BTreeSet<u64>,
    /// How often a sender paused, left, or crashed.
    pub(crate) paused: u64,
    pub(crate) left: u64,
    pub(crate) crashed: u64,
    /// How often an upload was resumed by its id.
    pub(crate) resumed: u64,
    /// How often an upload started from the beginning, because there was nothing to resume.
    pub(crate) begun_anew: u64,
    /// How often a download broke off with an error.
    pub(crate) broken_reads: u64,
    /// Uploads that were cancelled before any client got the answer of the open request. None of
    /// their parts were signed.
    pub(crate) opened_unanswered: u64,
    /// Files that were compared byte for byte.
    pub(crate) identical: BTreeSet<FileId>,
    /// Uploads that neither completed, nor ended cleanly, nor could be resumed, with one sentence each.
    pub(crate) lost: Vec<String>,
    /// Files that came back with other bytes.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.uploads += other.uploads;
        self.complete += other.complete;
        self.cancelled.extend(other.cancelled);
        self.paused += other.paused;
        self.left += other.left;
        self.crashed += other.crashed;
        self.resumed += other.resumed;
        self.begun_anew += other.begun_anew;
        self.broken_reads += other.broken_reads;
        self.identical.extend(other.identical);
        self.lost.extend(other.lost);
        self.wrong.extend(other.wrong);
    }
}

/// The findings after the faults have ended.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Objects and multipart uploads that the store still holds without a file after the sweeps.
    pub(crate) orphans: Vec<String>,
    /// Files whose object is missing.
    pub(crate) missing: Vec<String>,
    /// Uploads that completion wrongly failed because of their object.
    pub(crate) misjudged: Vec<String>,
    /// Parts for which the store got a second ciphertext.
    pub(crate) sealed_twice: Vec<String>,
    /// Objects and multipart uploads that a sweep removed.
    pub(crate) swept: u64,
    /// Parts, including single PUTs, whose bytes reached the store.
    pub(crate) parts: u64,
    /// Requests that brought them. There is more than one for a part if an answer was lost.
    pub(crate) part_requests: u64,
}

/// All figures of the run.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) seed: u64,
    pub(crate) store: &'static str,
    pub(crate) native: Tally,
    pub(crate) page: Tally,
    /// The tally of the checks after the faults ended.
    pub(crate) later: Tally,
    pub(crate) disturbances: Disturbances,
    /// The number of faults by kind and by connection (see [`CONNECTIONS`]).
    pub(crate) faults: BTreeMap<FaultKind, [u64; 4]>,
    pub(crate) findings: Findings,
    pub(crate) seconds: u64,
}

/// The names of the connections in the columns of the table.
const CONNECTIONS: [&str; 4] = [
    "client-server",
    "client-store",
    "server-store",
    "server-KMS",
];

/// Returns the number of faults by kind and connection.
pub(crate) fn faults_of(deployment: &Deployment) -> BTreeMap<FaultKind, [u64; 4]> {
    let mut faults: BTreeMap<FaultKind, [u64; 4]> = BTreeMap::new();
    for (at, proxy) in deployment.all_proxies().into_iter().enumerate() {
        for (kind, count) in proxy.counts() {
            if let Some(cell) = faults.entry(kind).or_default().get_mut(at) {
                *cell = count;
            }
        }
    }
    faults
}

impl Figures {
    /// Returns every violation of the run's invariants, one sentence each.
    pub(crate) fn violations(&self) -> Vec<String> {
        let tallies = [&self.native, &self.page, &self.later];
        let of = |what: &str, all: &[String]| -> Vec<String> {
            all.iter().map(|one| format!("{what}: {one}")).collect()
        };
        let mut violations = Vec::new();
        for tally in tallies {
            violations.extend(of("lost", &tally.lost));
            violations.extend(of("wrong", &tally.wrong));
        }
        let findings = &self.findings;
        violations.extend(of("orphan", &findings.orphans));
        violations.extend(of("missing", &findings.missing));
        violations.extend(of("wrongly rejected", &findings.misjudged));
        violations.extend(of("sealed twice", &findings.sealed_twice));
        if self.disturbances.deaths > 0 {
            let deaths = self.disturbances.deaths;
            violations.push(format!("the server ended by itself {deaths} times"));
        }
        violations
    }

    /// Prints Markdown, so that the tables can be copied into the documentation.
    pub(crate) fn print(&self) {
        say(&format!(
            "\nSeed {}, {}, {} s\n",
            self.seed, self.store, self.seconds
        ));
        say("| uploads | native client | page in Chromium |");
        say("|---|---|---|");
        let row = |name: &str, of: &dyn Fn(&Tally) -> u64| {
            say(&format!(
                "| {name} | {} | {} |",
                of(&self.native),
                of(&self.page)
            ));
        };
        row("begun", &|tally| tally.uploads);
        row("complete and byte-identical", &|tally| tally.complete);
        row("cancelled, nothing left", &|tally| {
            u64::try_from(tally.cancelled.len()).unwrap_or(u64::MAX)
        });
        row("times paused", &|tally| tally.paused);
        row("times left by the sender", &|tally| tally.left);
        row("times the client crashed", &|tally| tally.crashed);
        row("times resumed", &|tally| tally.resumed);
        row("times started again from the beginning", &|tally| {
            tally.begun_anew
        });
        row("downloads that broke off with an error", &|tally| {
            tally.broken_reads
        });
        row("**lost**", &|tally| count(&tally.lost));
        row("**wrong**", &|tally| count(&tally.wrong));

        say(&format!("\n| fault | {} |", CONNECTIONS.join(" | ")));
        say("|---|---|---|---|---|");
        for (kind, counts) in &self.faults {
            let cells: Vec<String> = counts.iter().map(u64::to_string).collect();
            say(&format!("| {kind} | {} |", cells.join(" | ")));
        }

        let Disturbances {
            kills,
            locks,
            full_disks,
            refused_starts,
            ..
        } = self.disturbances;
        let findings = &self.findings;
        let identical = u64::try_from(self.later.identical.len()).unwrap_or(u64::MAX);
        say("\n| server, database, store | |");
        say("|---|---|");
        for (name, figure) in [
            ("server killed (SIGKILL) and started again", kills),
            (
                "starts that failed because of a fault and were repeated",
                refused_starts,
            ),
            ("database locked by another process", locks),
            ("disk full", full_disks),
            ("parts that reached the store", findings.parts),
            ("requests that brought them", findings.part_requests),
            (
                "uploads still open at the end, then resumed",
                self.later.resumed,
            ),
            (
                "uploads cancelled before the answer that opened them, then aborted",
                self.later.opened_unanswered,
            ),
            ("files in all, each compared byte for byte", identical),
            ("leftovers that the sweeper removed", findings.swept),
            ("**orphans**", count(&findings.orphans)),
            ("**objects missing**", count(&findings.missing)),
            ("**objects wrongly rejected**", count(&findings.misjudged)),
            (
                "**parts with a second ciphertext**",
                count(&findings.sealed_twice),
            ),
        ] {
            say(&format!("| {name} | {figure} |"));
        }
    }
}

fn count(all: &[String]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}
