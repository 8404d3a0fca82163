//! Bundles the scripts of each page, and of each worker, into one file, which is one request instead of thirty and
//! compresses far better. The bundler knows modules only as these pages write them. It refuses everything else, because a
//! guess could be wrong.

mod shorten;

use crate::rooms;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The content of the pages' files by name.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Removes comments and indentation from the styles and from the wasm module's own script, which no bundle contains.
///
/// # Errors
/// Fails if one of them is written in a way that the bundler does not understand.
pub(crate) fn shorten(files: &mut Files, glue: &str) -> Result<()> {
    for (name, bytes) in files {
        if name != Path::new(glue) && name.extension().is_none_or(|ending| ending != "css") {
            continue;
        }
        let short = shorten::shorten(core::str::from_utf8(bytes)?);
        let short = short.with_context(|| format!("cannot shorten {}", name.display()))?;
        *bytes = short.into_bytes();
    }
    Ok(())
}

/// Puts each of `entries` and everything that it imports into one module, which gets the name of the entry. A module
/// that two entries import is in both bundles. Only the wasm module's own script stays a file of its own.
///
/// # Errors
/// Fails if a module is missing, imports itself, or is written in a way that the bundler does not understand.
pub(crate) fn bundle(files: &mut Files, entries: &[&str]) -> Result<()> {
    let mut bundled = Vec::new();
    for entry in entries {
        let mut bundle = Bundle::default();
        bundle
            .add(files, entry)
            .with_context(|| format!("cannot bundle {entry}"))?;
        bundled.push(bundle);
    }
    for bundle in &bundled {
        for name in &bundle.names {
            files.remove(Path::new(name));
        }
    }
    for (entry, bundle) in entries.iter().zip(bundled) {
        files.insert(entry.into(), bundle.finish(entry)?.into_bytes());
    }
    Ok(())
}

#[derive(Default)]
struct Bundle {
    /// The import of the wasm module's script.
    of_module: Option<String>,
    text: String,
    /// The modules in the text, in its order.
    names: Vec<String>,
    under_way: Vec<String>,
    exports: BTreeMap<String, Vec<String>>,
}

impl Bundle {
    /// Adds a module after those that it imports. The module becomes a function that is called once and returns its
    /// exports.
    fn add(&mut self, files: &Files, name: &str) -> Result<()> {
        if self.exports.contains_key(name) {
            return Ok(());
        }
        if self.under_way.iter().any(|other| other == name) {
            bail!("{name} imports itself: {}", self.under_way.join(" -> "));
        }
        self.under_way.push(name.to_owned());
        let bytes = files
            .get(Path::new(name))
            .with_context(|| format!("there is no {name}"))?;
        let source = core::str::from_utf8(bytes)?;
        let mut body = String::new();
        let mut exports = Vec::new();
        for line in shorten::shorten(source)?.lines() {
            let line = if let Some(import) = line.strip_prefix("import ") {
                if let Some(import) = of_module(import, name) {
                    if self.of_module.replace(import).is_some() {
                        bail!("{name} imports the wasm module, but another script does so, too");
                    }
                    continue;
                }
                let (names, from) = imported(import)
                    .with_context(|| format!("{name} imports in an unknown way: {line}"))?;
                let from = resolved(from, name)
                    .with_context(|| format!("{name} imports from outside: {line}"))?;
                self.add(files, &from)?;
                writeln!(body, "const {names} = {};", self.variable(&from))?;
                continue;
            } else if let Some(declaration) = line.strip_prefix("export ") {
                let exported = declared(declaration)
                    .with_context(|| format!("{name} exports in an unknown way: {line}"))?;
                exports.push(exported.to_owned());
                declaration
            } else {
                line
            };
            writeln!(body, "{line}")?;
        }
        let all = exports.join(", ");
        self.names.push(name.to_owned());
        let variable = self.variable(name);
        writeln!(
            self.text,
            "const {variable} = (() => {{\n{body}return {{ {all} }};\n}})();"
        )?;
        self.under_way.pop();
        self.exports.insert(name.to_owned(), exports);
        Ok(())
    }

    fn finish(mut self, entry: &str) -> Result<String> {
        let exports = self.exports.remove(entry).unwrap_or_default().join(", ");
        if !exports.is_empty() {
            let variable = self.variable(entry);
            writeln!(self.text, "export const {{ {exports} }} = {variable};")?;
        }
        Ok(self.of_module.unwrap_or_default() + &self.text)
    }

    /// Returns the short name of a module in the text.
    fn variable(&self, module: &str) -> String {
        let place = self.names.iter().take_while(|name| *name != module);
        format!("${}", place.count())
    }
}

/// Returns the import of the wasm module's script as the bundle writes it, or `None` if it is another import. The names
/// stay as they are, and the path becomes the one where the script is served.
fn of_module(import: &str, importer: &str) -> Option<String> {
    let (names, from) = import.split_once(" from '")?;
    let from = resolved(from.strip_suffix("';")?, importer)?;
    let script = Path::new(&from);
    let served = rooms::without_room(script);
    script
        .starts_with(rooms::MODULE)
        .then(|| format!("import {names} from './{}';\n", served.display()))
}

/// Splits `{ a, b } from './c.js';` into the names and the path of the module.
fn imported(import: &str) -> Option<(&str, &str)> {
    let (names, from) = import.split_once(" from '")?;
    let is_list = names.starts_with('{') && names.ends_with('}') && !names.contains(" as ");
    is_list.then_some((names, from.strip_suffix("';")?))
}

/// Returns the name of the module that `importer` imports from the path `from`.
fn resolved(from: &str, importer: &str) -> Option<String> {
    if !from.starts_with("./") && !from.starts_with("../") {
        return None;
    }
    let mut folders: Vec<&str> = importer.split('/').collect();
    folders.pop();
    for step in from.split('/') {
        match step {
            "." => (),
            ".." => drop(folders.pop()?),
            name => folders.push(name),
        }
    }
    Some(folders.join("/"))
}

fn declared(declaration: &str) -> Option<&str> {
    let plain = declaration.strip_prefix("async ").unwrap_or(declaration);
    let kinds = ["function* ", "function ", "class ", "const "];
    let named = kinds.iter().find_map(|kind| plain.strip_prefix(kind))?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let name = named.split(|c| !is_part(c)).next()?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{Files, bundle, shorten};

    fn files(all: &[(&str, &str)]) -> Files {
        let owned = |(name, text): &(&str, &str)| (name.into(), text.as_bytes().to_vec());
        all.iter().map(owned).collect()
    }

    #[test]
    fn what_is_imported_comes_once_and_first() {
        let mut page = files(&[
            (
                "page.js",
                "import { a } from './a.js';\nimport { b } from './b.js';\nexport function start() { a(b); }\n",
            ),
            (
                "a.js",
                "// Says.\n\nimport { b } from './b.js';\nexport const a = () => b;\n",
            ),
            ("b.js", "export class b {\n  #x = 1;\n}\n"),
            ("worker.js", "import init from './m.js';\n"),
        ]);
        bundle(&mut page, &["page.js"]).unwrap();
        let names: Vec<_> = page.keys().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(names, ["page.js", "worker.js"]);
        let script = String::from_utf8(page.values().next().unwrap().clone()).unwrap();
        let expected = "const $0 = (() => {\nclass b {\n#x = 1;\n}\nreturn { b };\n})();\n\
            const $1 = (() => {\nconst { b } = $0;\nconst a = () => b;\nreturn { a };\n})();\n\
            const $2 = (() => {\nconst { a } = $1;\nconst { b } = $0;\nfunction start() { a(b); }\nreturn { start };\n})();\n\
            export const { start } = $2;\n";
        assert_eq!(script, expected);
    }

    #[test]
    fn two_pages_have_what_they_share_and_folders_are_followed() {
        let mut page = files(&[
            ("one.js", "import { b } from './open/b.js';\nb();\n"),
            ("two.js", "import { c } from './c.js';\nc();\n"),
            (
                "open/b.js",
                "import { c } from '../c.js';\nexport function b() { c(); }\n",
            ),
            ("c.js", "export const c = () => 1;\n"),
        ]);
        bundle(&mut page, &["one.js", "two.js"]).unwrap();
        let scripts: Vec<_> = page
            .values()
            .map(|text| core::str::from_utf8(text).unwrap())
            .collect();
        assert_eq!(scripts.len(), 2, "{scripts:?}");
        for script in &scripts {
            assert!(script.contains("const c = () => 1;"), "{script}");
        }
        assert!(scripts[0].contains("const { b } = $1;"));
    }

    #[test]
    fn the_script_of_the_wasm_module_is_imported_from_where_it_is_served() {
        let mut page = files(&[
            (
                "upload/worker.js",
                "import init, { A } from '../module/m.js';\nimport { b } from '../common/b.js';\nb(init, A);\n",
            ),
            ("common/b.js", "export const b = () => 1;\n"),
            ("module/m.js", "export default 1;\n"),
        ]);
        bundle(&mut page, &["upload/worker.js"]).unwrap();
        let names: Vec<_> = page.keys().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(names, ["module/m.js", "upload/worker.js"]);
        let script = String::from_utf8(page.values().nth(1).unwrap().clone()).unwrap();
        let expected = "import init, { A } from './m.js';\n\
            const $0 = (() => {\nconst b = () => 1;\nreturn { b };\n})();\n\
            const $1 = (() => {\nconst { b } = $0;\nb(init, A);\nreturn {  };\n})();\n";
        assert_eq!(script, expected);
    }

    #[test]
    fn styles_and_the_script_of_the_module_travel_without_comments() {
        let mut page = files(&[
            ("a.css", "/* One. */\n\na {\n  color: red;\n}\n"),
            ("m.js", "/** Two. */\n  b();\n"),
            ("start.js", "// Three.\n"),
        ]);
        shorten(&mut page, "m.js").unwrap();
        let expected = files(&[
            ("a.css", "a {\ncolor: red;\n}\n"),
            ("m.js", "b();\n"),
            ("start.js", "// Three.\n"),
        ]);
        assert_eq!(page, expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "import a from './a.js';",
            "import { a as b } from './a.js';",
            "import './a.js';",
            "import { gone } from './gone.js';",
            "import { a } from 'a.js';",
            "import { a } from '../a.js';",
            "export default 1;",
            "export { a };",
            "const two = `lines\n`;",
            "import { page } from './page.js';",
        ] {
            let mut page = files(&[("page.js", text), ("a.js", "export const a = 1;")]);
            assert!(bundle(&mut page, &["page.js"]).is_err(), "{text}");
        }
    }
}
