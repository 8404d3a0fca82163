//! Reads the processor time and the memory of the browser's processes from /proc.

use std::{collections::BTreeMap, fs};

use anyhow::Result;
use sealift_tests::processes_below;

/// Linux reports processor time in /proc in hundredths of a second on every machine.
const TICKS_PER_SECOND: u64 = 100;

const DRIVER: &str = "driver";

/// Returns the browser's processes: all below this one except the driver.
pub(crate) fn browser() -> Result<Vec<Process>> {
    let below = processes_below(std::process::id())?;
    let all = below.into_iter().map(Process);
    Ok(all.filter(|process| process.kind() != DRIVER).collect())
}

/// Returns the seconds of processor time that the browser has used so far.
pub(crate) fn cpu_seconds() -> Result<f64> {
    let ticks = browser()?.iter().filter_map(Process::ticks).sum::<u64>();
    Ok(crate::figures::number(ticks) / crate::figures::number(TICKS_PER_SECOND))
}

/// Returns the memory of the browser's processes in bytes, by kind. A memory page that several processes
/// share counts only once in total.
pub(crate) fn memory() -> Result<BTreeMap<String, u64>> {
    let mut memory = BTreeMap::new();
    for process in browser()? {
        // A process that has just ended has no memory.
        let bytes = process.memory_bytes().unwrap_or(0);
        *memory.entry(process.kind()).or_default() += bytes;
    }
    Ok(memory)
}

/// The id of a process, which may end at any time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(u32);

impl Process {
    fn read(self, file: &str) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.0)).ok()
    }

    /// Returns the fields of `stat` from the third on. The second field, a name, may contain anything.
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

    /// Returns the kind of the process, such as `renderer` or `network`. The browser's first process is `browser`.
    fn kind(self) -> String {
        let command = self.read("cmdline").unwrap_or_default();
        let words: Vec<&str> = command.split(['\0', ' ']).collect();
        let value = |flag: &str| words.iter().find_map(|word| word.strip_prefix(flag));
        if words.first().is_some_and(|program| {
            ["chromedriver", "geckodriver"]
                .iter()
                .any(|driver| program.ends_with(driver))
        }) {
            return DRIVER.to_owned();
        }
        let kind = value("--utility-sub-type=").or_else(|| value("--type="));
        let kind = kind.unwrap_or("browser");
        kind.split('.').next().unwrap_or(kind).to_owned()
    }
}
