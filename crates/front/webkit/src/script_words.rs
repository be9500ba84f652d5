//! Texts for the scripts of a page.

use crate::page::Page;
use std::collections::BTreeMap;

/// Texts that a page's script shows, with placeholders such as `{count}` that the script fills in.
pub fn script_words(
    page: &Page,
    words: &[(&'static str, &[&str])],
) -> BTreeMap<&'static str, String> {
    words
        .iter()
        .map(|(key, names)| {
            let holes: Vec<String> = names.iter().map(|name| format!("{{{name}}}")).collect();
            let values: Vec<_> = names
                .iter()
                .zip(&holes)
                .map(|(name, hole)| (*name, hole.as_str().into()))
                .collect();
            (*key, page.words().say_with(key, &values))
        })
        .collect()
}
