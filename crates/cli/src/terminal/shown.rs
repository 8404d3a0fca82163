//! Makes other people's words safe for the terminal, because a file's name or a value of a context may be hostile.

/// Replaces every character that moves the cursor, changes colours or turns the direction of reading with its escape.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unprintable(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Returns whether a character controls the terminal or is invisible.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control() || is_invisible(character)
}

/// Returns whether a character is an invisible format character: a direction, a joiner, a mark or a tag.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_drive_the_terminal() {
        assert_eq!(shown("a\x1b[2Jb\r\n\u{9b}c"), r"a\u{1b}[2Jb\r\n\u{9b}c");
        assert_eq!(shown("photo\u{202e}gpj.exe"), r"photo\u{202e}gpj.exe");
        assert_eq!(
            shown("a\u{2066}b\u{200f}\u{feff}"),
            r"a\u{2066}b\u{200f}\u{feff}"
        );
    }

    #[test]
    fn other_writing_stays_as_it_is() {
        for name in ["Müller – Bericht.pdf", "写真.jpg", "תמונה.png", "a\\b"] {
            assert_eq!(shown(name), name);
        }
    }
}
