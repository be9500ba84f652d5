//! Tests of the choice of a language and of its texts.

use super::{Catalogues, Language, Translations};
use std::sync::Arc;

#[test]
fn the_preferred_known_language_is_chosen() {
    assert_eq!(
        Language::of_accept("fr, ko;q=0.7, ja-JP;q=0.9"),
        Some(Language::Japanese)
    );
    assert_eq!(Language::of_accept("fr, de"), None);
    assert_eq!(Language::of_accept("ko;q=0"), None);
}

#[test]
fn an_unknown_key_is_said_as_itself() {
    let words = Translations::new(Language::Korean, Arc::new(Catalogues::new(&[super::own()])));
    assert_eq!(words.say("no-such-key"), "no-such-key");
}
