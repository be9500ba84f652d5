//! A pair of sender and shape: what spans that are counted under the same keys have in common.

use hinomi_live::Attribute;
use hinomi_model::{
    Outcome, Resource, SpanBatch, Text,
    batch::{Shape, Symbol},
    text::OTHER,
};
use std::sync::Arc;

/// Sender and shape of some spans, and the number of these spans.
pub(super) struct Pair {
    pub sender: Arc<Resource>,
    pub shape: Shape,
    pub spans: u32,
    /// Hash of service and namespace, which identifies the owner in `Places`.
    pub owner: u64,
}

/// The attributes by which spans of a shape are counted.
pub(super) fn counted_by(shape: &Shape) -> impl Iterator<Item = Attribute> + use<> {
    let (entry, call) = (shape.transaction.is_some(), shape.call.is_some());
    // Failed calls are also counted by instance.
    let fails = shape.call.is_some_and(|call| call.failed);
    let is_counted = move |attribute: &Attribute| match attribute {
        Attribute::Service => false,
        Attribute::Environment => true,
        Attribute::Operation | Attribute::Version | Attribute::ErrorType => entry,
        Attribute::Instance => entry || fails,
        Attribute::Target | Attribute::Detail => call,
    };
    Attribute::ALL.into_iter().filter(is_counted)
}

/// The attributes of each key under which rollups count spans of a shape; empty where there is no
/// such key. Call category and kind of failure are left out, because they have few values.
pub(super) fn keys_of(shape: &Shape) -> [&'static [Attribute]; 4] {
    use Attribute::{Detail, Environment, ErrorType, Instance, Operation, Target, Version};
    let when = |has: bool, key: &'static [Attribute]| if has { key } else { &[] };
    let failed = |outcome| outcome == Outcome::Error;
    let entry = shape.transaction;
    let fails = entry.is_some_and(|transaction| failed(transaction.outcome));
    let call_fails = shape.call.is_some_and(|call| call.failed);
    [
        when(
            entry.is_some(),
            &[Environment, Operation, Instance, Version],
        ),
        when(fails, &[Environment, ErrorType, Operation]),
        when(shape.call.is_some(), &[Environment, Target, Detail]),
        when(call_fails, &[Environment, Target, Instance]),
    ]
}

impl Pair {
    fn symbol(&self, attribute: Attribute) -> Symbol {
        let (transaction, call) = (self.shape.transaction, self.shape.call);
        let symbol = match attribute {
            Attribute::Operation => transaction.map(|transaction| transaction.operation),
            Attribute::Target => call.map(|call| call.target),
            Attribute::Detail => call.map(|call| call.detail),
            Attribute::ErrorType => Some(self.shape.error_type),
            _ => None,
        };
        symbol.unwrap_or(Symbol::EMPTY)
    }

    pub fn name<'a>(&'a self, spans: &'a SpanBatch, attribute: Attribute) -> &'a str {
        match attribute {
            Attribute::Service => &self.sender.service,
            Attribute::Environment => &self.sender.environment,
            Attribute::Instance => &self.sender.instance,
            Attribute::Version => &self.sender.version,
            _ => spans.words.get(self.symbol(attribute)),
        }
    }

    /// Replaces an attribute's value by `(other)`. Returns the old value.
    pub fn fold(&mut self, spans: &mut SpanBatch, attribute: Attribute) -> Text {
        let was: Text = self.name(spans, attribute).into();
        let other = || Text::from(OTHER);
        match attribute {
            Attribute::Service => {
                let sender = Arc::make_mut(&mut self.sender);
                (sender.service, sender.namespace) = (other(), "".into());
            }
            Attribute::Environment => Arc::make_mut(&mut self.sender).environment = other(),
            Attribute::Instance => Arc::make_mut(&mut self.sender).instance = other(),
            Attribute::Version => Arc::make_mut(&mut self.sender).version = other(),
            Attribute::ErrorType => self.shape.error_type = spans.words.intern(OTHER),
            Attribute::Operation => {
                if let Some(transaction) = &mut self.shape.transaction {
                    transaction.operation = spans.words.intern(OTHER);
                }
            }
            Attribute::Target => {
                if let Some(call) = &mut self.shape.call {
                    call.target = spans.words.intern(OTHER);
                }
            }
            Attribute::Detail => {
                if let Some(call) = &mut self.shape.call {
                    call.detail = spans.words.intern(OTHER);
                }
            }
        }
        was
    }
}
