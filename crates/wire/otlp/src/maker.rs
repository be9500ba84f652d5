//! Makes the shape of a span: everything that is derived from its attributes.

use crate::{
    call, error, json,
    known::Made,
    protobuf::{Malformed, text},
    raw::RawSpan,
    sent::Sent,
    texts::Texts,
    transaction,
    value::Pair,
};
use hinomi_model::{Outcome, SpanStatus};
use std::cell::Cell;

/// The input for making a shape.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'r, 'a> {
    pub raw: &'r RawSpan<'a>,
    pub scope: &'r [u8],
    pub is_root: bool,
    /// Encoded attributes, and for each whether it is own.
    pub attributes: &'r [&'a [u8]],
    pub is_own: &'r [bool],
    /// Encoded events.
    pub events: &'r [&'a [u8]],
}

impl Maker<'_, '_> {
    /// Makes the shape, and tells whether an own attribute was read for it. `like` is a shape with
    /// the same shared attributes.
    pub fn make(&self, texts: &mut Texts, like: Option<&Made>) -> Result<(Made, bool), Malformed> {
        let touched_own = Cell::new(false);
        let mut pairs = Pair::read_all(self.attributes)?;
        for (pair, is_own) in pairs.iter_mut().zip(self.is_own) {
            pair.is_own = *is_own;
        }
        let sent = Sent::new(
            text(self.raw.name)?,
            self.raw.kind_and_status(),
            self.is_root,
            &pairs,
            (self.events, texts.limits.max_attributes),
            &touched_own,
        );
        let before = std::mem::take(&mut texts.truncated);
        let transaction = transaction::of(&sent, texts);
        let call = call::of(&sent, texts);
        let failed = sent.status == SpanStatus::Error
            || transaction
                .as_ref()
                .is_some_and(|entry| entry.outcome == Outcome::Error)
            || call.as_ref().is_some_and(|call| call.failed);
        let error_type = failed.then(|| texts.name(&error::type_of(&sent)));
        let attributes = match like {
            Some(like) => like.attributes.clone(),
            None => {
                let (json, cut) = json::attributes(&pairs, &texts.limits)?;
                texts.truncated += cut;
                json.into()
            }
        };
        let made = Made {
            name: texts.name(sent.sent_name),
            scope: texts.name(text(self.scope)?),
            kind: sent.kind,
            status: sent.status,
            status_message: texts.message(text(self.raw.message)?),
            http_status: sent.http_status,
            error_type,
            transaction,
            call,
            attributes,
            truncated: std::mem::replace(&mut texts.truncated, before),
        };
        Ok((made, touched_own.get()))
    }
}
