//! Makes texts from outside safe to show: cuts them to a limit and replaces characters that affect
//! the text around them. The templates escape HTML, not this module.

/// Most characters of a name, a target or an attribute's value in a list.
pub(super) const NAME_MAX: usize = 300;
/// Most characters of a message.
pub(super) const MESSAGE_MAX: usize = 4_000;
/// Most characters of a statement or a stack trace.
pub(super) const BODY_MAX: usize = 40_000;

/// The text on one line, with at most `max` characters.
pub(super) fn line(text: &str, max: usize) -> String {
    clipped(text, max, |character| match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        other => shown(other),
    })
}

/// The text with its line breaks, with at most `max` characters.
pub(super) fn block(text: &str, max: usize) -> String {
    clipped(text, max, |character| match character {
        '\n' | '\t' => character,
        '\r' => ' ',
        other => shown(other),
    })
}

fn clipped(text: &str, max: usize, map: impl Fn(char) -> char) -> String {
    let mut characters = text.chars();
    let mut out: String = characters.by_ref().take(max).map(map).collect();
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

/// Replaces control characters and direction characters: a name must not rearrange the text beside
/// it.
fn shown(character: char) -> char {
    match character {
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' => {
            char::REPLACEMENT_CHARACTER
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_the_page_is_shown_instead() {
        assert_eq!(line("a\u{0}b\u{202e}c\nd", 10), "a\u{fffd}b\u{fffd}c d");
        assert_eq!(block("a\r\nb\tc", 10), "a \nb\tc");
    }

    #[test]
    fn a_name_of_a_megabyte_is_clipped_where_a_character_ends() {
        let long = "火".repeat(1 << 20);
        assert_eq!(line(&long, 3), "火火火…");
        assert_eq!(line("火火火", 3), "火火火");
    }
}
