//! Checks the memory of the machine, and the limit of its cgroup.

use std::{fs, path::Path};

use super::{check::Check, table::MEMORY};
use crate::config::Limits;

const MIB: u64 = 1024 * 1024;

/// The memory of the server itself, with room for connections, caches and the allocator, in bytes.
const BASE_BYTES: u64 = 128 * MIB;
/// The most memory of one read (`reading/decrypt/ahead.rs`), in bytes.
const READ_BYTES: u64 = 24 * MIB;

/// Compares the memory that the limits allow with the memory that there is.
pub(super) fn memory(limits: &Limits, has_bytes: Option<u64>) -> Check {
    let Some(has_bytes) = has_bytes else {
        return MEMORY.not_applicable("This system does not tell how much memory there is");
    };
    let sealing = limits.sealing_memory_bytes;
    let reads = u64::from(limits.all_reads_at_once).saturating_mul(READ_BYTES);
    let with_sealing = BASE_BYTES.saturating_add(sealing);
    let with_all = with_sealing.saturating_add(reads);
    let mib = |bytes: u64| bytes.div_ceil(MIB);
    let has = has_bytes / MIB;
    if has_bytes < with_sealing {
        let fitting = has_bytes.saturating_sub(BASE_BYTES).max(32 * MIB) / 2 / MIB;
        MEMORY.failed(
            format!(
                "Sealing uploads may take {} MiB, but there are {has} MiB for the whole server",
                mib(sealing)
            ),
            format!(
                "Set SEALIFT_LIMIT_SEALING_MEMORY={fitting}MiB, or give the server more memory"
            ),
        )
    } else if has_bytes < with_all {
        let fitting = (has_bytes.saturating_sub(with_sealing) / READ_BYTES).max(1);
        MEMORY.warning(
            format!(
                "Sealing and all reads together may take {} MiB, but there are {has} MiB",
                mib(with_all)
            ),
            format!("Set SEALIFT_LIMIT_ALL_READS={fitting}, or give the server more memory"),
        )
    } else {
        MEMORY.ok(format!(
            "There are {has} MiB; sealing and all reads together take up to {} MiB",
            mib(with_all)
        ))
    }
}

/// Returns the memory of the machine, or the limit of a cgroup of this process if that is lower, in bytes.
pub(super) fn memory_bytes() -> Option<u64> {
    let machine = total(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let cgroups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    Some(
        limit_below(Path::new("/sys/fs/cgroup"), &cgroups)
            .map_or(machine, |limit| limit.min(machine)),
    )
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Returns the lowest limit of the cgroups in this list and of those around them. Version 2 has one line, `0::/path`;
/// version 1 has one for memory, `5:memory:/path`.
fn limit_below(root: &Path, cgroups: &str) -> Option<u64> {
    let limits = cgroups.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next().unwrap_or("-"), fields.next().unwrap_or("/"));
        let (folder, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            "memory" => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return Vec::new(),
        };
        // In a container the path may be that of the host, which is not there; the root is.
        let inside = folder.join(path.trim_start_matches('/'));
        let around = inside.ancestors().take_while(|at| at.starts_with(&folder));
        let limits = around.filter_map(|at| limit(&at.join(file)));
        limits.collect::<Vec<u64>>()
    });
    limits.min()
}

fn limit(file: &Path) -> Option<u64> {
    // Without a limit the file says `max`.
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Sources},
        doctor::check::Outcome,
    };

    #[test]
    fn too_little_memory_is_named_with_the_setting_that_fits() {
        let limits = Config::load(&Sources::default()).unwrap().limits;
        let outcome = |mib| memory(&limits, Some(mib * MIB));
        // 128 MiB of its own, 256 for sealing, 64 reads of 24.
        assert_eq!(outcome(1920).outcome, Outcome::Ok);
        let few_reads = outcome(1919);
        assert_eq!(few_reads.outcome, Outcome::Warning);
        assert!(few_reads.remedy.unwrap().contains("ALL_READS=63,"));
        assert_eq!(outcome(384).outcome, Outcome::Warning);
        let no_sealing = outcome(383);
        assert_eq!(no_sealing.outcome, Outcome::Failed);
        assert!(no_sealing.remedy.unwrap().contains("MEMORY=127MiB,"));
    }

    #[test]
    fn the_lowest_limit_of_all_cgroups_around_counts() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        assert_eq!(limit_below(root.path(), "0::/a/b\n"), None);
        put("a/b/memory.max", "max\n");
        put("a/memory.max", "2000\n");
        put("memory.max", "3000\n");
        assert_eq!(limit_below(root.path(), "0::/a/b\n"), Some(2000));
        assert_eq!(limit_below(root.path(), "0::/not/here\n"), Some(3000));
        put("memory/c/memory.limit_in_bytes", "1000\n");
        let both = "5:memory:/c\n1:cpu:/a\n0::/a\n";
        assert_eq!(limit_below(root.path(), both), Some(1000));
        assert_eq!(total("MemFree: 1 kB\nMemTotal:   2 kB\n"), Some(2048));
    }
}
