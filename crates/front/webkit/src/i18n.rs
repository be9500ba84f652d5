//! Texts in the reader's language, from the Fluent catalogues of pages and parts: `en.ftl`, `ja.ftl`
//! and `ko.ftl` in the folder of each.
//!
//! A key that is missing in a language is shown in English. A test checks that none is missing.

use crate::embedded::Embedded;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rust_embed::RustEmbed;
use std::{fmt, sync::Arc};

#[derive(RustEmbed)]
#[folder = "texts"]
struct Files;

/// The catalogues of this crate.
pub fn own() -> Embedded {
    Embedded::of::<Files>()
}

/// A language of the user interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    /// The language of keys that are missing elsewhere.
    English,
    /// 日本語
    Japanese,
    /// 한국어
    Korean,
}

impl Language {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::English, Self::Japanese, Self::Korean];

    /// The tag in `<html lang>`, cookies and URLs.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
            Self::Korean => "ko",
        }
    }

    /// The language's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Japanese => "日本語",
            Self::Korean => "한국어",
        }
    }

    /// The language of a tag such as `ja` or `ja-JP`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language of an `Accept-Language` header.
    pub fn of_accept(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::of_tag) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            if quality > 0.0 && best.is_none_or(|(so_far, _)| quality > so_far) {
                best = Some((quality, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// The catalogues of all languages.
pub struct Catalogues {
    bundles: Vec<FluentBundle<FluentResource>>,
}

impl Catalogues {
    /// Reads the catalogues of all crates. A message that does not parse is skipped; a test reports it.
    pub fn new(files: &[Embedded]) -> Self {
        let bundles = Language::ALL
            .into_iter()
            .map(|language| {
                let locales = language.tag().parse().into_iter().collect();
                let mut bundle = FluentBundle::new_concurrent(locales);
                // Names are cleaned of control characters before they get here. Without isolation
                // marks, texts can be compared, copied and searched.
                bundle.set_use_isolating(false);
                bundle.set_formatter(Some(|value, _| match value {
                    FluentValue::Number(number) => Some(crate::format::number(number.value)),
                    _ => None,
                }));
                for (_, text) in sources(files, language) {
                    let resource = FluentResource::try_new(text).unwrap_or_else(|(some, _)| some);
                    bundle.add_resource_overriding(resource);
                }
                bundle
            })
            .collect();
        Self { bundles }
    }

    fn lookup(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let bundle = self.bundles.get(language as usize)?;
        let pattern = bundle.get_message(key)?.value()?;
        Some(
            bundle
                .format_pattern(pattern, Some(args), &mut Vec::new())
                .into_owned(),
        )
    }
}

/// The catalogues of a language: path and text.
pub fn sources(files: &[Embedded], language: Language) -> Vec<(String, String)> {
    let name = format!("/{}.ftl", language.tag());
    let all = files.iter().flat_map(|files| {
        let paths = files.paths().into_iter();
        paths.filter_map(|path| Some((files.read(&path)?, path)))
    });
    all.filter(|(_, path)| path.ends_with(&name))
        .map(|(data, path)| {
            let text = String::from_utf8_lossy(&data).into_owned();
            (path.into_owned(), text)
        })
        .collect()
}

/// The texts in one reader's language. Cheap to clone.
#[derive(Clone)]
pub struct Translations {
    language: Language,
    catalogues: Arc<Catalogues>,
}

impl Translations {
    /// The texts in `language`.
    pub fn new(language: Language, catalogues: Arc<Catalogues>) -> Self {
        Self {
            language,
            catalogues,
        }
    }

    /// The language of the texts.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of `key`.
    pub fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// The text of `key` with values filled in.
    pub fn say_with(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        let found = self.catalogues.lookup(self.language, key, &args);
        found
            .or_else(|| self.catalogues.lookup(Language::English, key, &args))
            .unwrap_or_else(|| key.to_owned())
    }
}

impl fmt::Debug for Translations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Translations").field(&self.language).finish()
    }
}

#[cfg(test)]
mod tests;
