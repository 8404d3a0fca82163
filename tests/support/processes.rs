//! The processes below one of ours: browsers consist of many.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Every process that descends from this one, without it.
///
/// # Errors
/// Where /proc cannot be read.
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

/// Each process with its parent.
fn parents() -> Result<Vec<(u32, u32)>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while one looks.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        // Its name, in parentheses, may hold anything; behind it stand the state and the parent.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| {
            let word = rest.split_whitespace().nth(1)?;
            word.parse().ok()
        });
        parents.push((process, parent.context("/proc tells no parent")?));
    }
    Ok(parents)
}

/// Memory of all processes below this one together, in bytes: what several share is counted once
/// (PSS). Without what is mapped from files, which is the program: other browsers of its kind share
/// it, and their coming and going would be measured.
///
/// # Errors
/// Where /proc cannot be read.
pub fn memory_below(process: u32) -> Result<u64> {
    let mut kilobytes = 0;
    for process in below(process)? {
        // A process may end while one looks.
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

/// Ends all processes below this one at once, as a crash does: none of them gets to act.
///
/// # Errors
/// Where there is no shell.
pub(crate) fn kill_below(process: u32) -> Result<()> {
    let processes: Vec<String> = below(process)?.iter().map(u32::to_string).collect();
    if processes.is_empty() {
        return Ok(());
    }
    let killed = Command::new("sh")
        .args(["-c", "kill -9 \"$@\"", "kill"])
        .args(&processes)
        // Those that have ended meanwhile are complained of.
        .stderr(Stdio::null())
        .status()?;
    ensure!(
        killed.success() || below(process)?.is_empty(),
        "the processes below {process} do not end"
    );
    Ok(())
}
