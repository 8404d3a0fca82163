//! Puts common parts into the pages, so that each part is written only once. The line `<!-- part: ask.html -->`, or in a
//! style `/* part: lists.css */`, is replaced with the file of that name in the folder `common/parts`.

use crate::bundle::Files;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

const FOLDER: &str = "common/parts";

/// Puts the parts into the pages that name them. The parts themselves are not served.
///
/// # Errors
/// Fails if a page names a part that does not exist, or if no page names an existing part.
pub(crate) fn put_in(files: &mut Files) -> Result<()> {
    let mut parts = Files::new();
    files.retain(|name, bytes| {
        let is_part = name.starts_with(FOLDER);
        if is_part {
            parts.insert(name.clone(), core::mem::take(bytes));
        }
        !is_part
    });
    let mut unused: Vec<PathBuf> = parts.keys().cloned().collect();
    for (page, bytes) in files.iter_mut() {
        if page
            .extension()
            .is_none_or(|extension| extension != "html" && extension != "css")
        {
            continue;
        }
        let mut whole = String::with_capacity(bytes.len());
        for line in core::str::from_utf8(bytes)?.lines() {
            let Some(named) = part_in(line) else {
                whole.push_str(line);
                whole.push('\n');
                continue;
            };
            let name = Path::new(FOLDER).join(named);
            let part = parts
                .get(&name)
                .with_context(|| format!("{} needs the part {named}", page.display()))?;
            whole.push_str(core::str::from_utf8(part)?);
            unused.retain(|other| *other != name);
        }
        *bytes = whole.into_bytes();
    }
    ensure!(unused.is_empty(), "no page uses these parts: {unused:?}");
    Ok(())
}

fn part_in(line: &str) -> Option<&str> {
    [("<!-- part: ", " -->"), ("/* part: ", " */")]
        .iter()
        .find_map(|(begin, end)| line.trim().strip_prefix(begin)?.strip_suffix(end))
}

#[cfg(test)]
mod tests {
    use super::put_in;
    use crate::bundle::Files;

    fn files(all: &[(&str, &str)]) -> Files {
        let owned = |(name, text): &(&str, &str)| (name.into(), text.as_bytes().to_vec());
        all.iter().map(owned).collect()
    }

    #[test]
    fn a_part_takes_the_place_of_its_name() {
        let mut page = files(&[
            ("a.html", "<p>\n  <!-- part: b.html -->\n</p>\n"),
            ("c.css", "a {}\n/* part: d.css */\n"),
            ("common/parts/b.html", "<b></b>\n"),
            ("common/parts/d.css", "d {}\n"),
        ]);
        put_in(&mut page).unwrap();
        assert_eq!(
            page,
            files(&[
                ("a.html", "<p>\n<b></b>\n</p>\n"),
                ("c.css", "a {}\nd {}\n")
            ])
        );
    }

    #[test]
    fn a_part_that_is_missing_or_not_used_is_refused() {
        let mut missing = files(&[("a.html", "<!-- part: b.html -->\n")]);
        assert!(put_in(&mut missing).is_err());
        let mut unused = files(&[("a.html", "<p>\n"), ("common/parts/b.html", "<b></b>\n")]);
        assert!(put_in(&mut unused).is_err());
    }
}
