//! Decides whether a name contains a text, as a person would say. Case does not count. An accent counts
//! the same whether it is a character of its own (as macOS writes names) or not.

use unicode_normalization::UnicodeNormalization as _;

/// The text to search for, folded.
pub(super) struct NameSearch(String);

impl NameSearch {
    pub(super) fn of(text: &str) -> Self {
        Self(folded(text))
    }

    pub(super) fn is_in(&self, name: &str) -> bool {
        folded(name).contains(&self.0)
    }
}

fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(name: &str, text: &str) -> bool {
        NameSearch::of(text).is_in(name)
    }

    #[test]
    fn a_text_is_found_whatever_its_case() {
        assert!(has("Invoice 2026.PDF", "invoice"));
        assert!(has("invoice.pdf", "OICE.PDF"));
        assert!(has("ÜBERSICHT.txt", "übersicht"));
        assert!(has("ΔΟΣΕΙΣ.txt", "δοσεισ"));
        assert!(has("ДОГОВОР.doc", "договор"));
        assert!(!has("invoice.pdf", "receipt"));
        assert!(!has("", "a"));
    }

    #[test]
    fn an_accent_is_found_however_it_is_written() {
        let (one, two) = ("re\u{301}sume\u{301}.txt", "r\u{e9}sum\u{e9}.txt");
        assert!(has(one, "RÉSUMÉ") && has(two, "RE\u{301}SUME\u{301}"));
        assert!(!has("resume.txt", "résumé"));
    }

    #[test]
    fn marks_of_patterns_are_only_text() {
        assert!(has("100%_a.txt", "%_"));
        assert!(!has("100 a.txt", "%"));
        assert!(!has("a.txt", ".*"));
    }
}
