//! What the run tells at its end.

use std::collections::{BTreeMap, BTreeSet};

use sealift_tests::FaultKind;
use sealift_transfer::api::FileId;

use crate::{deployment::Ways, terminal::say};

/// What was done to the server.
#[derive(Debug, Default)]
pub(crate) struct Disturbances {
    pub(crate) kills: u64,
    pub(crate) locks: u64,
    pub(crate) full_disks: u64,
    /// Starts that met a fault and were made again.
    pub(crate) refused_starts: u64,
    /// It ended without being killed, which it never should.
    pub(crate) deaths: u64,
}

/// What became of the uploads. Those of several can be added.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) uploads: u64,
    pub(crate) complete: u64,
    /// The numbers of those that were taken back.
    pub(crate) cancelled: BTreeSet<u64>,
    /// Times that somebody paused, left, or was gone without a word.
    pub(crate) paused: u64,
    pub(crate) left: u64,
    pub(crate) crashed: u64,
    /// Times that an upload was gone on with by its id.
    pub(crate) resumed: u64,
    /// Times that there was nothing to go on with.
    pub(crate) begun_anew: u64,
    /// Times that a download broke off, and said so.
    pub(crate) broken_reads: u64,
    /// Uploads that were cancelled before anybody heard that they were open; nothing of them was
    /// signed.
    pub(crate) opened_unheard: u64,
    /// Files whose every byte was compared.
    pub(crate) identical: BTreeSet<FileId>,
    /// Uploads that were neither complete nor cleanly ended nor resumable; one sentence each.
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

/// What was found when all was over.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// In the store without a file, after everything was swept.
    pub(crate) orphans: Vec<String>,
    /// Files whose object is not there.
    pub(crate) missing: Vec<String>,
    /// Uploads whose object completion called wrong.
    pub(crate) misjudged: Vec<String>,
    /// Parts for which the store was sent a second ciphertext.
    pub(crate) sealed_twice: Vec<String>,
    /// Objects and multipart uploads that a sweep had to remove.
    pub(crate) swept: u64,
    /// Parts, single PUTs included, whose bytes reached the store.
    pub(crate) parts: u64,
    /// How often they did: more than once where an answer was lost.
    pub(crate) part_requests: u64,
}

/// All figures.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) seed: u64,
    pub(crate) store: &'static str,
    pub(crate) native: Tally,
    pub(crate) page: Tally,
    /// What was seen of all of them when the faults were over.
    pub(crate) later: Tally,
    pub(crate) disturbances: Disturbances,
    /// By kind, and by the way: see [`WAYS`].
    pub(crate) faults: BTreeMap<FaultKind, [u64; 4]>,
    pub(crate) findings: Findings,
    pub(crate) seconds: u64,
}

/// As the columns of the table name them.
const WAYS: [&str; 4] = [
    "client-server",
    "client-store",
    "server-store",
    "server-KMS",
];

/// By kind and way.
pub(crate) fn faults_of(ways: &Ways) -> BTreeMap<FaultKind, [u64; 4]> {
    let mut faults: BTreeMap<FaultKind, [u64; 4]> = BTreeMap::new();
    for (at, way) in ways.all().into_iter().enumerate() {
        for (kind, count) in way.counts() {
            if let Some(cell) = faults.entry(kind).or_default().get_mut(at) {
                *cell = count;
            }
        }
    }
    faults
}

impl Figures {
    /// Everything that must not be, one sentence each.
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
        violations.extend(of("called wrong", &findings.misjudged));
        violations.extend(of("sealed twice", &findings.sealed_twice));
        if self.disturbances.deaths > 0 {
            let deaths = self.disturbances.deaths;
            violations.push(format!("the server ended by itself {deaths} times"));
        }
        violations
    }

    /// As Markdown, so that it can go into the documentation as it is.
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
        row("times left", &|tally| tally.left);
        row("times the client was gone", &|tally| tally.crashed);
        row("times resumed", &|tally| tally.resumed);
        row("times begun anew", &|tally| tally.begun_anew);
        row("downloads that broke off and said so", &|tally| {
            tally.broken_reads
        });
        row("**lost**", &|tally| count(&tally.lost));
        row("**wrong**", &|tally| count(&tally.wrong));

        say(&format!("\n| fault | {} |", WAYS.join(" | ")));
        say("|---|---|---|---|---|");
        for (kind, of_ways) in &self.faults {
            let cells: Vec<String> = of_ways.iter().map(u64::to_string).collect();
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
                "starts that met a fault and were made again",
                refused_starts,
            ),
            ("database locked by another process", locks),
            ("disk full", full_disks),
            ("parts in the store's hands", findings.parts),
            ("requests that brought them", findings.part_requests),
            (
                "uploads still open at the end, resumed then",
                self.later.resumed,
            ),
            (
                "cancelled before their opening was answered, taken back then",
                self.later.opened_unheard,
            ),
            ("files in all, each compared byte for byte", identical),
            ("remains that were swept", findings.swept),
            ("**orphans**", count(&findings.orphans)),
            ("**objects missing**", count(&findings.missing)),
            ("**objects called wrong**", count(&findings.misjudged)),
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
