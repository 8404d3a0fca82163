//! Finds circles among the files of the server: files that need each other's names in a loop, so that none
//! of them can be read, tested or moved alone.

mod paths;

use super::Bench;
use crate::timed::Log;
use anyhow::{Context, Result};
use paths::Crate;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The crate whose files are checked. The others are small enough to be seen at once.
const CHECKED: &str = "crates/server/src";

/// Two or three files, such as a type and the parts of it, may name each other.
const MOST_FILES: usize = 3;

/// Adds a fault for every circle of more than [`MOST_FILES`] files.
///
/// # Errors
/// Fails if a source cannot be read.
pub(super) fn check(bench: &Bench<'_>, log: &mut Log, faults: &mut Vec<String>) -> Result<()> {
    let root = bench.workshop.root.join(CHECKED);
    let mut files = BTreeMap::new();
    for path in super::rooms::sources(&root)? {
        let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
        if name.ends_with(".rs") && !name.contains("tests") {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
            files.insert(name, text);
        }
    }
    let arrows = Crate::of(&files).arrows();
    for circle in circles(&arrows) {
        let names = circle.iter().cloned().collect::<Vec<_>>().join(", ");
        log.note(&format!("circle of {}: {names}", circle.len()))?;
        if circle.len() > MOST_FILES {
            let ties: Vec<String> = arrows
                .iter()
                .filter(|(from, _)| circle.contains(*from))
                .flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
                .filter(|(_, to)| circle.contains(*to))
                .map(|(from, to)| format!("  {from} -> {to}"))
                .collect();
            faults.push(format!(
                "{CHECKED}: {} files name each other in a circle; {MOST_FILES} may:\n{}",
                circle.len(),
                ties.join("\n")
            ));
        }
    }
    Ok(())
}

/// The files that a file names.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The sets of two and more files each of which reaches all others of its set.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = arrows
        .keys()
        .map(|from| (from, reach(arrows, from)))
        .collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for (from, all) in &reached {
        let circle: BTreeSet<String> = all
            .iter()
            .filter(|to| reached.get(**to).is_some_and(|back| back.contains(*from)))
            .map(|to| (*to).clone())
            .collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

fn reach<'a>(arrows: &'a Arrows, from: &String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&String> = arrows.get(from).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(arrows.get(next).into_iter().flatten());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{Crate, circles};
    use std::collections::BTreeMap;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: BTreeMap<String, String> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        circles(&Crate::of(&files).arrows())
            .into_iter()
            .map(|circle| circle.into_iter().collect())
            .collect()
    }

    #[test]
    fn files_that_name_each_other_are_a_circle() {
        let circle = found(&[
            ("lib.rs", "mod app;\nmod caller;\nmod reads;\nmod limits;\n"),
            ("app.rs", "use crate::{config::X, reads::Reads};\n"),
            (
                "reads.rs",
                "use crate::{\n    caller::{Caller, Via},\n    limits,\n};\n",
            ),
            ("caller.rs", "fn f(app: &crate::app::App) {}\n"),
            ("limits.rs", "fn f() {}\n"),
        ]);
        assert_eq!(circle, [["app.rs", "caller.rs", "reads.rs"]]);
    }

    #[test]
    fn a_name_that_a_module_hands_on_is_of_the_file_that_has_it() {
        let files = [
            ("lib.rs", "mod audit;\nmod app;\n"),
            (
                "audit.rs",
                "mod kept;\npub(crate) use kept::Kept;\nuse crate::app::App;\n",
            ),
            ("audit/kept.rs", "pub(crate) struct Kept;\n"),
            ("app.rs", "use crate::audit::Kept;\n"),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn comments_and_tests_name_nobody() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n"),
            ("a.rs", "use crate::b::B;\n"),
            (
                "b.rs",
                "/// See [`crate::a::A`].\nstruct B;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n",
            ),
        ];
        assert!(found(&files).is_empty());
    }
}
