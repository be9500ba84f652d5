//! Answers for tests. They are the same at every call.

mod charts;

pub(crate) use charts::{charts, in_flight, running};
pub(crate) use hinomi_webkit::sample::*;

use hinomi_webkit::{
    assets::{self, Assets},
    i18n::{self, Catalogues, Language},
    page::Page,
};
use std::sync::{Arc, LazyLock};

/// A page for tests: a fixed time, the time zone of Tokyo.
pub(crate) fn page(language: Language) -> Page {
    static FILES: LazyLock<(Arc<Catalogues>, Assets)> = LazyLock::new(|| {
        let catalogues = Catalogues::new(&[i18n::own(), crate::texts()]);
        let assets = Assets::sample(&[assets::own(), crate::assets()]);
        (Arc::new(catalogues), assets)
    });
    let (catalogues, assets) = FILES.clone();
    Page::sample(language, catalogues, assets)
}
