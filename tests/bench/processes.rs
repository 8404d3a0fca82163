//! What the browser's processes cost, read from /proc.

use std::{collections::BTreeMap, fs};

use anyhow::Result;
use sealift_tests::processes_below;

/// Linux counts processor time for /proc in hundredths of a second, on every machine.
const TICKS_PER_SECOND: u64 = 100;

/// The browser: every process below this one, save its driver.
pub(crate) fn browser() -> Result<Vec<Process>> {
    let below = processes_below(std::process::id())?;
    let all = below.into_iter().map(Process);
    Ok(all
        .filter(|process| process.kind() != "chromedriver")
        .collect())
}

/// Seconds of processor time that the browser has used so far.
pub(crate) fn cpu_seconds() -> Result<f64> {
    let ticks = browser()?.iter().filter_map(Process::ticks).sum::<u64>();
    Ok(crate::figures::number(ticks) / crate::figures::number(TICKS_PER_SECOND))
}

/// Bytes of memory that the browser's processes have, by their kind: pages that several share count
/// once in all.
pub(crate) fn memory() -> Result<BTreeMap<String, u64>> {
    let mut memory = BTreeMap::new();
    for process in browser()? {
        // A process that has just ended has none.
        let bytes = process.memory_bytes().unwrap_or(0);
        *memory.entry(process.kind()).or_default() += bytes;
    }
    Ok(memory)
}

/// A process, as long as it is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(u32);

impl Process {
    fn read(self, file: &str) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.0)).ok()
    }

    /// The fields of `stat` from the third on; the second, a name, may hold anything.
    fn stat(self) -> Option<Vec<String>> {
        let stat = self.read("stat")?;
        let (_, fields) = stat.rsplit_once(')')?;
        Some(fields.split_whitespace().map(str::to_owned).collect())
    }

    fn ticks(&self) -> Option<u64> {
        let stat = self.stat()?;
        let [user, system] = [stat.get(11)?, stat.get(12)?].map(|field| field.parse::<u64>().ok());
        user?.checked_add(system?)
    }

    fn memory_bytes(self) -> Option<u64> {
        let rollup = self.read("smaps_rollup")?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        kibibytes.checked_mul(1024)
    }

    /// `renderer`, `network` and the like; `browser` is the first of them.
    fn kind(self) -> String {
        let command = self.read("cmdline").unwrap_or_default();
        let words: Vec<&str> = command.split(['\0', ' ']).collect();
        let value = |flag: &str| words.iter().find_map(|word| word.strip_prefix(flag));
        if words
            .first()
            .is_some_and(|program| program.ends_with("chromedriver"))
        {
            return "chromedriver".to_owned();
        }
        let kind = value("--utility-sub-type=").or_else(|| value("--type="));
        let kind = kind.unwrap_or("browser");
        kind.split('.').next().unwrap_or(kind).to_owned()
    }
}
