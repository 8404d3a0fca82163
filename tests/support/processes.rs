//! Finds, measures and kills the processes below one of ours. A browser consists of many.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Returns all descendants of this process, without the process itself.
///
/// # Errors
/// Fails if /proc cannot be read.
pub fn below(process: u32) -> Result<Vec<u32>> {
    let parents = parents()?;
    let mut found = vec![process];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        let children = parents.iter().filter(|(_, of)| *of == parent);
        found.extend(children.map(|(child, _)| child));
        at += 1;
    }
    found.remove(0);
    Ok(found)
}

/// Returns each process with its parent.
fn parents() -> Result<Vec<(u32, u32)>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // The process may have ended since the folder was listed.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        // The program's name, in parentheses, may contain anything. The state and the parent follow it.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| {
            let word = rest.split_whitespace().nth(1)?;
            word.parse().ok()
        });
        parents.push((process, parent.context("/proc tells no parent")?));
    }
    Ok(parents)
}

/// Returns the memory of all processes below this one together, in bytes. Memory that several processes share counts
/// once (PSS). File mappings do not count: they are mostly the program itself, which other browsers of its kind share,
/// so the result would change whenever one of those starts or ends.
///
/// # Errors
/// Fails if /proc cannot be read.
pub fn memory_below(process: u32) -> Result<u64> {
    let mut kilobytes = 0;
    for process in below(process)? {
        // The process may have ended since it was listed.
        let Ok(rollup) = fs::read_to_string(format!("/proc/{process}/smaps_rollup")) else {
            continue;
        };
        for line in rollup.lines() {
            let own = ["Pss_Anon:", "Pss_Shmem:"].map(|kind| line.strip_prefix(kind));
            let amount = own.into_iter().flatten().next();
            let amount =
                amount.and_then(|amount| amount.split_whitespace().next()?.parse::<u64>().ok());
            kilobytes += amount.unwrap_or_default();
        }
    }
    Ok(kilobytes * 1024)
}

/// Kills all processes below this one at once, as in a crash: none of them can clean up.
///
/// # Errors
/// Fails if there is no shell, or if a process does not end.
pub(crate) fn kill_below(process: u32) -> Result<()> {
    let processes: Vec<String> = below(process)?.iter().map(u32::to_string).collect();
    if processes.is_empty() {
        return Ok(());
    }
    let killed = Command::new("sh")
        .args(["-c", "kill -9 \"$@\"", "kill"])
        .args(&processes)
        // `kill` complains about processes that have ended meanwhile.
        .stderr(Stdio::null())
        .status()?;
    ensure!(
        killed.success() || below(process)?.is_empty(),
        "the processes below {process} do not end"
    );
    Ok(())
}
