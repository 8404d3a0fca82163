//! Measures how many cores other processes use, because figures that other work disturbs show nothing.

use anyhow::{Context, Result, anyhow};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The most cores that others may use while figures are measured that are to be written.
pub(super) const MOST_CORES: f64 = 0.5;

/// Linux reports processor time in /proc in hundredths of a second on every machine.
const TICKS_PER_SECOND: f64 = 100.0;
const LOOK_FOR: Duration = Duration::from_secs(3);
/// The looks before the bench gives up: other work often ends within a minute.
const MOST_LOOKS: usize = 20;
const SAMPLE_EVERY: Duration = Duration::from_secs(2);
/// The process from which all threads of the kernel descend. They work for whoever asks for it, mostly for us.
const KERNEL_THREADS: u32 = 2;
const NAMED: usize = 3;

/// The cores that other processes use on average.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Others {
    pub(super) cores: f64,
    /// The names of the processes that use most, with the cores of each.
    busiest: Vec<(String, f64)>,
}

impl Others {
    /// Looks for some seconds, in which this program and those that it started do nothing. With `patient`, looks
    /// again for a minute until the others are quiet.
    ///
    /// # Errors
    /// Fails if /proc cannot be read.
    pub(super) fn look(patient: bool) -> Result<Self> {
        let mut looks = if patient { MOST_LOOKS } else { 1 };
        loop {
            let (before, began) = (Sample::take()?, Instant::now());
            thread::sleep(LOOK_FOR);
            let others = before.others_until(&Sample::take()?, std::process::id(), began.elapsed());
            looks = looks.saturating_sub(1);
            if others.is_quiet() || looks == 0 {
                return Ok(others);
            }
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.cores <= MOST_CORES
    }
}

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "other work uses {:.1} cores", self.cores)?;
        for (at, (name, cores)) in self.busiest.iter().enumerate() {
            let before = if at == 0 { ": " } else { ", " };
            write!(f, "{before}{name} {cores:.1}")?;
        }
        Ok(())
    }
}

/// Measures the others while a row is measured. The row's own processes come and go, so their time cannot be
/// subtracted; the others' times are added up instead. A process that lives for less than two seconds may be missed.
pub(super) struct Watch {
    end: Sender<()>,
    thread: JoinHandle<Result<Others>>,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let (end, ended) = channel();
        let thread = thread::spawn(move || watch(&ended));
        Self { end, thread }
    }

    /// # Errors
    /// Fails if /proc cannot be read.
    pub(super) fn end(self) -> Result<Others> {
        drop(self.end);
        let watched = self.thread.join();
        watched.map_err(|_| anyhow!("the watch over other processes panicked"))?
    }
}

fn watch(ended: &Receiver<()>) -> Result<Others> {
    let (began, root) = (Instant::now(), std::process::id());
    let mut before = Sample::take()?;
    let mut ours = before.below(root);
    let mut used = BTreeMap::new();
    loop {
        let is_over = ended.recv_timeout(SAMPLE_EVERY) != Err(RecvTimeoutError::Timeout);
        let after = Sample::take()?;
        // A process whose parent has ended is no longer below us, but still ours.
        ours.extend(after.below(root));
        before.add_up(&after, &ours, &mut used);
        before = after;
        if is_over {
            let cores = used.values().sum::<f64>() / began.elapsed().as_secs_f64();
            let busiest = busiest(used, began.elapsed());
            return Ok(Others { cores, busiest });
        }
    }
}

/// The processor time so far.
#[derive(Debug, Default)]
struct Sample {
    /// Ticks of all cores together in which they did anything.
    busy: u64,
    processes: BTreeMap<u32, Process>,
}

#[derive(Clone, Debug, PartialEq)]
struct Process {
    parent: u32,
    name: String,
    ticks: u64,
    /// The ticks of its ended children.
    ticks_of_ended: u64,
}

impl Sample {
    fn take() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        let mut processes = BTreeMap::new();
        for entry in fs::read_dir("/proc").context("cannot list /proc")? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // The process may have ended since it was listed.
            let stat = fs::read_to_string(format!("/proc/{id}/stat"));
            if let Some(process) = stat.ok().and_then(|stat| Process::parse(&stat)) {
                processes.insert(id, process);
            }
        }
        Ok(Self {
            busy: busy(&stat).context("/proc/stat has another form")?,
            processes,
        })
    }

    /// Returns the process of that id and all below it.
    fn below(&self, root: u32) -> BTreeSet<u32> {
        let mut found = BTreeSet::from([root]);
        loop {
            let known = found.len();
            let children = self
                .processes
                .iter()
                .filter(|(_, one)| found.contains(&one.parent));
            let children: Vec<u32> = children.map(|(id, _)| *id).collect();
            found.extend(children);
            if found.len() == known {
                return found;
            }
        }
    }

    /// Returns the ticks of all that ever ran at or below the process of that id.
    fn ticks_below(&self, root: u32) -> u64 {
        let ids = self.below(root);
        let processes = ids.iter().filter_map(|id| self.processes.get(id));
        processes
            .map(|one| one.ticks.saturating_add(one.ticks_of_ended))
            .sum()
    }

    /// Returns all processor time between two samples except that of the process `root` and all below it.
    fn others_until(&self, after: &Self, root: u32, elapsed: Duration) -> Others {
        let busy = after.busy.saturating_sub(self.busy);
        let ours = after
            .ticks_below(root)
            .saturating_sub(self.ticks_below(root));
        let mut used = BTreeMap::new();
        self.add_up(after, &after.below(root), &mut used);
        Others {
            cores: seconds(busy.saturating_sub(ours)) / elapsed.as_secs_f64(),
            busiest: busiest(used, elapsed),
        }
    }

    /// Adds the seconds that every process except ours and the kernel's used since this sample, by name.
    fn add_up(&self, after: &Self, ours: &BTreeSet<u32>, used: &mut BTreeMap<String, f64>) {
        for (id, process) in &after.processes {
            let is_kernel = *id == KERNEL_THREADS || process.parent == KERNEL_THREADS;
            if is_kernel || ours.contains(id) {
                continue;
            }
            let before = self.processes.get(id).map_or(0, |before| before.ticks);
            let ticks = process.ticks.saturating_sub(before);
            if ticks > 0 {
                *used.entry(process.name.clone()).or_default() += seconds(ticks);
            }
        }
    }
}

impl Process {
    /// Parses /proc/ID/stat. The second field, a name in brackets, may contain anything.
    fn parse(stat: &str) -> Option<Self> {
        let (before, after) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            name: before.split_once('(')?.1.to_owned(),
            ticks: ticks(11)?.checked_add(ticks(12)?)?,
            ticks_of_ended: ticks(13)?.checked_add(ticks(14)?)?,
        })
    }
}

/// Returns the ticks of user, nice, system and both kinds of interrupts. Idle cores, those that wait for a disk, and
/// time that the host did not give to this machine are left out.
fn busy(stat: &str) -> Option<u64> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Result<Vec<u64>, _> = fields.split_whitespace().map(str::parse).collect();
    let ticks = ticks.ok()?;
    [0, 1, 2, 5, 6]
        .into_iter()
        .map(|at| ticks.get(at).copied())
        .sum()
}

fn busiest(used: BTreeMap<String, f64>, elapsed: Duration) -> Vec<(String, f64)> {
    let mut all: Vec<(String, f64)> = used.into_iter().collect();
    all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    all.truncate(NAMED);
    for (_, amount) in &mut all {
        *amount /= elapsed.as_secs_f64();
    }
    all.retain(|(_, cores)| *cores >= 0.05);
    all
}

/// Converts ticks to seconds. The result is exact below 2^53 ticks, which are millions of years.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no other conversion to floating point numbers"
)]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::{Others, Process, Sample, busy};
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    const OURS: u32 = 10;

    fn process(parent: u32, name: &str, ticks: u64, ticks_of_ended: u64) -> Process {
        Process {
            parent,
            name: name.into(),
            ticks,
            ticks_of_ended,
        }
    }

    fn sample(busy: u64, processes: impl IntoIterator<Item = (u32, Process)>) -> Sample {
        Sample {
            busy,
            processes: processes.into_iter().collect(),
        }
    }

    fn begin() -> Sample {
        sample(
            5000,
            [
                (1, process(0, "init", 7, 900)),
                (9, process(2, "kworker", 50, 0)),
                (OURS, process(1, "xtask", 100, 200)),
                (11, process(OURS, "peers", 300, 0)),
                (12, process(11, "browser", 400, 0)),
                (20, process(1, "rustc", 1000, 0)),
            ],
        )
    }

    #[test]
    fn the_time_of_our_own_processes_and_of_those_that_ended_is_subtracted() {
        // The browser's 50 new ticks and the 30 of a process that started and ended are ours; 300 of 380 are not.
        let after = sample(
            5380,
            [
                (9, process(2, "kworker", 60, 0)),
                (OURS, process(1, "xtask", 100, 200)),
                (11, process(OURS, "peers", 300, 30)),
                (12, process(11, "browser", 450, 0)),
                (20, process(1, "rustc", 1200, 0)),
                (21, process(20, "cc", 90, 0)),
            ],
        );
        let others = begin().others_until(&after, OURS, Duration::from_secs(3));
        assert_eq!(others.cores, 1.0);
        assert!(!others.is_quiet());
        assert_eq!(
            others.to_string(),
            "other work uses 1.0 cores: rustc 0.7, cc 0.3"
        );
    }

    #[test]
    fn a_process_of_ours_stays_ours_when_its_parent_has_ended() {
        let after = sample(
            5380,
            [
                (12, process(1, "browser", 900, 0)),
                (20, process(1, "rustc", 1010, 0)),
            ],
        );
        let mut used = BTreeMap::new();
        let ours: BTreeSet<u32> = begin().below(OURS);
        assert_eq!(ours, BTreeSet::from([OURS, 11, 12]));
        begin().add_up(&after, &ours, &mut used);
        assert_eq!(used, BTreeMap::from([("rustc".to_owned(), 0.1)]));
    }

    #[test]
    fn idle_waiting_and_stolen_time_is_not_busy() {
        assert_eq!(
            busy("cpu  1 20 300 7000 7000 4000 50000 7000 7000 0\ncpu0 1"),
            Some(54321)
        );
        assert_eq!(busy("intr 1"), None);
        assert_eq!(busy("cpu  1 2"), None);
    }

    #[test]
    fn a_name_with_brackets_and_spaces_is_read() {
        let stat = "7 (a) b) S 3 0 0 0 0 0 0 0 0 0 11 12 13 14 20 0";
        assert_eq!(Process::parse(stat), Some(process(3, "a) b", 23, 27)));
        assert_eq!(Process::parse("7 (a"), None);
    }

    #[test]
    fn half_a_core_is_still_quiet() {
        let others = |cores| Others {
            cores,
            ..Others::default()
        };
        assert!(others(0.5).is_quiet() && !others(0.51).is_quiet());
    }
}
