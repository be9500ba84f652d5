//! Tests that a page names every module that its scripts load.

use crate::sample;
use hinomi_webkit::{assets, embedded::Embedded, i18n::Language};
use rust_embed::RustEmbed;
use std::collections::{BTreeMap, BTreeSet};

#[derive(RustEmbed)]
#[folder = "src"]
#[include = "*.html"]
struct Templates;

#[derive(RustEmbed)]
#[folder = "../webkit/templates"]
struct KitTemplates;

/// The files that end so: path and text.
fn texts(files: &[Embedded], ending: &str) -> impl Iterator<Item = (String, String)> {
    let all = files.iter().flat_map(|files| {
        let paths = files.paths().into_iter();
        paths.map(|path| {
            let data = files.read(&path).unwrap();
            (
                path.into_owned(),
                String::from_utf8(data.into_owned()).unwrap(),
            )
        })
    });
    all.filter(move |(path, _)| path.ends_with(ending))
}

/// The path that a relative specifier in the module at `from` names.
fn resolved(from: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The values of an attribute, which `before` ends with, as paths of the embedded files.
fn paths(html: &str, before: &str) -> Vec<String> {
    let values = html.split(before).skip(1);
    values
        .map(|rest| {
            let url = rest.split('"').next().unwrap();
            url.strip_prefix("/static/0/").unwrap().to_owned()
        })
        .collect()
}

/// Every module that a browser asks for when it loads these scripts without help.
fn loaded(scripts: &[String]) -> BTreeSet<String> {
    let files: BTreeMap<_, _> = texts(&[assets::own(), crate::assets()], ".js").collect();
    let mut loaded = BTreeSet::new();
    let mut open = scripts.to_vec();
    while let Some(path) = open.pop() {
        let text = files
            .get(&path)
            .unwrap_or_else(|| panic!("{path} does not exist"));
        let lines = text.lines().filter(|line| {
            line.starts_with("import ") || line.starts_with("export ") && line.contains(" from ")
        });
        let specifiers = lines.map(|line| line.split('"').nth(1).unwrap());
        let imports: Vec<_> = specifiers
            .map(|specifier| resolved(&path, specifier))
            .collect();
        if loaded.insert(path) {
            open.extend(imports);
        }
    }
    loaded
}

#[test]
fn a_page_preloads_every_module_that_it_loads_once_and_no_other() {
    let mut pages = 0;
    let page = sample::page(Language::English);
    let templates = [Embedded::of::<Templates>(), Embedded::of::<KitTemplates>()];
    for (path, template) in texts(&templates, ".html") {
        if path == "scripts.html" {
            continue;
        }
        assert!(
            !template.contains("type=\"module\""),
            "{path}: load modules with page.scripts"
        );
        for call in template.split("page.scripts([").skip(1) {
            let list = call.split("])").next().unwrap();
            let entries: Vec<_> = list
                .split(", ")
                .map(|entry| entry.trim_matches('"'))
                .collect();
            let html = page.scripts(&entries);
            let scripts = paths(&html, "<script type=\"module\" src=\"");
            assert_eq!(scripts, entries, "{path}");
            let preloads = paths(&html, "<link rel=\"modulepreload\" href=\"");
            let once: BTreeSet<_> = preloads.iter().cloned().collect();
            assert_eq!(once.len(), preloads.len(), "{path}");
            assert_eq!(once, loaded(&scripts), "{path}");
            pages += 1;
        }
    }
    assert!(pages > 10, "{pages} pages have scripts");
}

#[test]
fn no_two_files_have_one_url() {
    let files = [assets::own(), crate::assets()];
    let paths: Vec<_> = files.iter().flat_map(Embedded::paths).collect();
    let once: BTreeSet<_> = paths.iter().collect();
    assert_eq!(once.len(), paths.len());
}
