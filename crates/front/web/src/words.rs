//! Tests of the catalogues: against each other, and against the keys that the code uses.

use hinomi_webkit::i18n::{self, Language};
use rust_embed::RustEmbed;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that stands beside the pages: Rust, templates, scripts, texts.
#[derive(RustEmbed)]
#[folder = "../pages/src"]
struct Pages;

#[derive(RustEmbed)]
#[folder = "../webkit/src"]
struct Kit;

#[derive(RustEmbed)]
#[folder = "../webkit/templates"]
struct KitTemplates;

#[derive(RustEmbed)]
#[folder = "../webkit/assets"]
struct KitAssets;

#[derive(RustEmbed)]
#[folder = "../api/src"]
struct Api;

/// The catalogues of a language: path and text.
fn sources(language: Language) -> Vec<(String, String)> {
    i18n::sources(&[i18n::own(), hinomi_pages::texts()], language)
}

/// The variables of each message.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::new();
    let mut key = String::new();
    for (_, text) in sources(language) {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|letter: char| letter.is_ascii_lowercase())
                && let Some((name, _)) = line.split_once(" =")
            {
                key = name.to_owned();
                messages.insert(key.clone(), BTreeSet::new());
            }
            let variables: &mut BTreeSet<String> = messages.entry(key.clone()).or_default();
            variables.extend(line.split('$').skip(1).map(|rest| {
                rest.chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric())
                    .collect()
            }));
        }
    }
    messages.remove("");
    messages
}

/// The text of every file of `E` that may say a message.
fn texts<E: RustEmbed>() -> Vec<String> {
    E::iter()
        .filter(|path| {
            [".rs", ".html", ".js"]
                .iter()
                .any(|end| path.ends_with(end))
        })
        .filter(|path| !path.starts_with("vendor/"))
        .filter_map(|path| Some(String::from_utf8_lossy(&E::get(&path)?.data).into_owned()))
        .collect()
}

/// The text of every file that may say a message.
fn everything() -> Vec<String> {
    [
        texts::<Pages>(),
        texts::<Kit>(),
        texts::<KitTemplates>(),
        texts::<KitAssets>(),
        texts::<Api>(),
    ]
    .concat()
}

/// Every quoted text in a source file.
fn literals(source: &str) -> Vec<&str> {
    ['"', '`', '\'']
        .into_iter()
        .flat_map(|quote| {
            source
                .lines()
                .flat_map(move |line| line.split(quote).skip(1).collect::<Vec<_>>())
        })
        .collect()
}

/// Whether `key` fits `pattern`. In the pattern, `{…}` stands for any text.
fn matches(pattern: &str, key: &str) -> bool {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(begin) = rest.find('{') {
        let Some(length) = rest[begin..].find('}') else {
            return false;
        };
        pieces.push(rest[..begin].trim_end_matches('$'));
        rest = &rest[begin + length + 1..];
    }
    pieces.push(rest);
    let fixed: usize = pieces.iter().map(|piece| piece.len()).sum();
    if pieces.len() == 1 {
        return pattern == key;
    }
    let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
    fixed >= 5 && key.len() >= fixed && key.starts_with(first) && key.ends_with(last)
}

#[test]
fn every_catalogue_parses() {
    for language in Language::ALL {
        for (path, text) in sources(language) {
            let parsed = fluent_bundle::FluentResource::try_new(text);
            assert!(
                parsed.is_ok(),
                "{path}: {:?}",
                parsed.err().map(|(_, errors)| errors)
            );
        }
    }
}

#[test]
fn every_language_has_the_same_messages_with_the_same_variables() {
    let english = messages(Language::English);
    assert!(english.len() > 100);
    for language in Language::ALL {
        let other = messages(language);
        for (key, variables) in &english {
            assert_eq!(
                other.get(key),
                Some(variables),
                "{key} in {}",
                language.tag()
            );
        }
        for key in other.keys() {
            assert!(
                english.contains_key(key),
                "{key} is in {} only",
                language.tag()
            );
        }
    }
}

#[test]
fn no_message_is_said_nowhere() {
    let all = everything();
    let said: Vec<&str> = all.iter().flat_map(|source| literals(source)).collect();
    for key in messages(Language::English).keys() {
        assert!(
            said.iter().any(|literal| matches(literal, key)),
            "{key} is said nowhere"
        );
    }
}

#[test]
fn every_key_that_is_said_exists() {
    let known = messages(Language::English);
    let mut said = BTreeSet::new();
    let calls = ["t(\"", "t1(\"", "say(\"", "say_with(\"", "say(words, \""];
    for source in everything() {
        for call in calls {
            for rest in source.split(call).skip(1) {
                let key = rest.split('"').next().unwrap_or_default();
                if key.contains('-') && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
                    said.insert(key.to_owned());
                }
            }
        }
    }
    assert!(said.len() > 50);
    said.remove("no-such-key");
    for key in said {
        assert!(known.contains_key(&key), "{key} is said and does not exist");
    }
}
