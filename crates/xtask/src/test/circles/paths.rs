//! Reads which files of a crate name which: by `use` of `crate`, `self` and `super`, and by paths in the code.

use super::Arrows;
use std::collections::BTreeMap;

/// The modules of a crate by their paths: `records::parts` is the file `records/parts.rs`.
#[derive(Debug)]
pub(super) struct Crate {
    modules: BTreeMap<String, Module>,
}

#[derive(Debug)]
struct Module {
    file: String,
    /// Every path that the code names, from the crate's root: `records::Records`.
    named: Vec<String>,
    /// The names that it hands on, and the path of each.
    handed_on: BTreeMap<String, String>,
}

impl Crate {
    /// Reads the sources, by file name and text.
    pub(super) fn of(files: &BTreeMap<String, String>) -> Self {
        let names: Vec<String> = files.keys().map(|file| module_of(file)).collect();
        let modules = files
            .iter()
            .zip(&names)
            .map(|((file, text), module)| (module.clone(), read(file, module, text, &names)))
            .collect();
        Self { modules }
    }

    /// Returns the files that each file names.
    pub(super) fn arrows(&self) -> Arrows {
        self.modules
            .values()
            .map(|module| {
                let to = module
                    .named
                    .iter()
                    .filter_map(|path| self.file_of(path, 0))
                    .filter(|file| *file != module.file)
                    .collect();
                (module.file.clone(), to)
            })
            .collect()
    }

    /// The file that defines what stands at a path. A name that a module hands on is of the module that has it.
    fn file_of(&self, path: &str, hops: usize) -> Option<String> {
        let segments: Vec<&str> = path.split("::").collect();
        for length in (1..=segments.len()).rev() {
            let (module, rest) = segments.split_at_checked(length)?;
            let Some(module) = self.modules.get(&module.join("::")) else {
                continue;
            };
            let handed_on = rest
                .first()
                .and_then(|name| module.handed_on.get(*name))
                // Re-exports that form a loop lead to no file, so stop here.
                .filter(|_| hops < self.modules.len());
            return match handed_on {
                Some(path) => self.file_of(path, hops + 1),
                None => Some(module.file.clone()),
            };
        }
        None
    }
}

/// `records/parts.rs` is `records::parts`. The crate's root has no name.
fn module_of(file: &str) -> String {
    match file.trim_end_matches(".rs") {
        "lib" | "main" => String::new(),
        path => path.replace('/', "::"),
    }
}

fn read(file: &str, module: &str, text: &str, modules: &[String]) -> Module {
    let code = code_of(text);
    let mut named = Vec::new();
    let mut handed_on = BTreeMap::new();
    let mut rest = code.as_str();
    let mut without_uses = String::new();
    while let Some((before, at_use)) = split_at_use(rest) {
        without_uses.push_str(before);
        let Some((tree, after)) = at_use.split_once(';') else {
            break;
        };
        let is_public = before.trim_end().ends_with([')', 'b'])
            && before
                .rsplit(['\n', ';', '}'])
                .next()
                .is_some_and(|line| line.trim_start().starts_with("pub"));
        for path in leaves(tree) {
            let Some(path) = absolute(&path, module, modules) else {
                continue;
            };
            if is_public {
                let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                handed_on.insert(name, path);
            } else {
                named.push(path);
            }
        }
        rest = after;
    }
    without_uses.push_str(rest);
    let paths = without_uses
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .filter(|word| word.contains("::"));
    named.extend(paths.filter_map(|path| absolute(path, module, modules)));
    Module {
        file: file.to_owned(),
        named,
        handed_on,
    }
}

/// The text without comments, and without the tests at its end.
fn code_of(text: &str) -> String {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Splits behind the next `use ` that begins a declaration.
fn split_at_use(code: &str) -> Option<(&str, &str)> {
    let at = code.match_indices("use ").map(|(at, _)| at).find(|at| {
        let before = code.get(..*at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        line.is_empty() || (line.starts_with("pub") && !line.contains('{'))
    })?;
    Some((code.get(..at)?, code.get(at + "use ".len()..)?))
}

/// The paths of a tree: `a::{b::C, d}` is `a::b::C` and `a::d`.
fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let mut depth = 0;
    let items = inner.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    items
        .filter(|item| !item.trim().is_empty())
        .flat_map(leaves)
        .map(|path| match path.as_str() {
            "self" => before.trim_end_matches("::").to_owned(),
            path => format!("{before}{path}"),
        })
        .collect()
}

/// The path from the crate's root, if it is one of this crate.
fn absolute(path: &str, module: &str, modules: &[String]) -> Option<String> {
    let mut at: Vec<&str> = module.split("::").filter(|name| !name.is_empty()).collect();
    let mut segments = path.split("::").peekable();
    match *segments.peek()? {
        "crate" => at.clear(),
        "self" => {}
        "super" => {}
        child => {
            let below = at.iter().copied().chain([child]).collect::<Vec<_>>();
            if !modules.contains(&below.join("::")) {
                return None;
            }
        }
    }
    for segment in segments {
        match segment {
            "crate" | "self" => {}
            "super" => {
                at.pop();
            }
            name => at.push(name),
        }
    }
    Some(at.join("::"))
}
