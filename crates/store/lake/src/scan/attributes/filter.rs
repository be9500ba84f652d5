//! Evaluates the terms of a search on batches in memory and on decoded columns of a file.
//!
//! Each distinct JSON object and each dictionary entry is evaluated once.

use crate::{
    LakeError, Matched, Term,
    scan::matcher::{Matcher, matched},
    tables::spans::columns::{self as s, attribute_of},
};
use arrow_array::{Array, RecordBatch, UInt16Array};
use arrow_schema::Schema;
use hinomi_columnar::{BatchColumns, TextPredicate, WordColumn};
use hinomi_model::{Resource, SpanBatch, Text};
use std::sync::Arc;

/// The conditions of a search on a span, with a matcher per term.
pub(crate) struct SpanFilter {
    /// Bounds of the end time, in Unix nanoseconds: `from ≤ end < to`.
    pub end: (i64, i64),
    /// Columns that must equal a word, as (column, word).
    pub words: Vec<(usize, Text)>,
    pub matchers: Vec<Matcher>,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// JSON objects with several attributes.
    Objects,
    /// Values of one attribute key.
    Values,
}

/// A term that is looked for in the pages of a column.
pub(crate) struct InColumn<'m> {
    pub matcher: &'m Matcher,
    pub holds: Holds,
}

impl TextPredicate for InColumn<'_> {
    fn may_be_in(&self, bytes: &[u8]) -> bool {
        match self.holds {
            Holds::Objects => self.matcher.may_be_in(bytes),
            Holds::Values => self.matcher.may_be_in_page(bytes),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self.holds {
            Holds::Objects => self.matcher.in_object(text).is_some(),
            Holds::Values => self.matcher.has_value(text),
        }
    }
}

/// A column that may hold the attribute of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub column: usize,
    pub holds: Holds,
}

impl SpanFilter {
    pub fn has_end(&self, end: i64) -> bool {
        self.end.0 <= end && end < self.end.1
    }

    fn has_resource(&self, resource: &Resource) -> bool {
        self.words.iter().all(|(column, wanted)| match *column {
            s::SERVICE => resource.service == *wanted,
            s::NAMESPACE => resource.namespace == *wanted,
            _ => resource.environment == *wanted,
        })
    }

    /// The selected rows of a batch in memory, each with what the first term matched.
    pub fn select_spans(&self, spans: &SpanBatch) -> Vec<(usize, Arc<Matched>)> {
        let resources = spans.resources.iter();
        let resources: Vec<bool> = resources.map(|of| self.has_resource(of)).collect();
        let matchers = self.matchers.iter();
        let mut terms: Vec<ChunkTerm<'_>> = matchers
            .map(|matcher| ChunkTerm::new(matcher, spans))
            .collect();
        if terms.iter().any(ChunkTerm::is_hopeless) {
            return Vec::new();
        }
        let mut selected = Vec::new();
        for (at, row) in spans.rows.iter().enumerate() {
            if !self.has_end(row.end.0) || !resources[row.resource as usize] {
                continue;
            }
            let mut first = None;
            let all = terms.iter_mut().all(|term| match term.matched(at) {
                Some(matched) => {
                    first.get_or_insert(matched);
                    true
                }
                None => false,
            });
            if all && let Some(first) = first {
                selected.push((at, first));
            }
        }
        selected
    }
}

/// A term evaluated on one batch in memory.
struct ChunkTerm<'a> {
    matcher: &'a Matcher,
    spans: &'a SpanBatch,
    /// Result per shape.
    shapes: Vec<Option<Arc<Matched>>>,
    /// Per attribute key of the batch: whether the term concerns it.
    keys: Vec<bool>,
    has_own: bool,
}

impl<'a> ChunkTerm<'a> {
    fn new(matcher: &'a Matcher, spans: &'a SpanBatch) -> Self {
        let shapes = spans.shapes.iter().map(|shape| match matcher.term {
            Term::HttpStatus(wanted) => {
                (shape.http_status == Some(wanted)).then(|| http_status(wanted))
            }
            _ => matcher.in_object(spans.words.get(shape.attributes)),
        });
        let keys = spans.keys.iter();
        let keys: Vec<bool> = keys
            .map(|key| matcher.concerns(spans.words.get(key.name)))
            .collect();
        let has_own = keys.contains(&true) && matcher.may_be_in_words(spans.words.parts().0);
        Self {
            matcher,
            spans,
            shapes: shapes.collect(),
            keys,
            has_own,
        }
    }

    fn is_hopeless(&self) -> bool {
        !self.has_own && self.shapes.iter().all(Option::is_none)
    }

    fn matched(&mut self, at: usize) -> Option<Arc<Matched>> {
        let shape = self.spans.rows[at].shape as usize;
        if let Some(matched) = &self.shapes[shape] {
            return Some(matched.clone());
        }
        if !self.has_own {
            return None;
        }
        let words = &self.spans.words;
        let own = self.spans.own(at).iter();
        let mut own = own.filter(|own| self.keys[own.key as usize]);
        let own = own.find(|own| self.matcher.has_value(words.get(own.value)))?;
        let key = words.get(self.spans.keys[own.key as usize].name);
        Some(matched(key, words.get(own.value)))
    }
}

fn http_status(status: u16) -> Arc<Matched> {
    matched("status", &status.to_string())
}

/// The columns of a file that may hold the attribute of a term.
pub(crate) fn sources(schema: &Schema, matcher: &Matcher) -> Vec<Source> {
    if let Term::HttpStatus(_) = matcher.term {
        return Vec::new();
    }
    let own = schema.fields().iter().enumerate().skip(s::FIXED);
    let own = own.filter(|(_, field)| {
        attribute_of(field.name()).is_some_and(|(_, key)| matcher.concerns(key))
    });
    let objects = [s::ATTRIBUTES, s::OTHER_ATTRIBUTES].map(|column| Source {
        column,
        holds: Holds::Objects,
    });
    let values = own.map(|(column, _)| Source {
        column,
        holds: Holds::Values,
    });
    objects.into_iter().chain(values).collect()
}

/// A batch with a subset of a file's columns.
#[derive(Clone, Copy)]
pub(crate) struct Projected<'a> {
    pub batch: &'a RecordBatch,
    /// The column numbers in the file, ascending.
    pub columns: &'a [usize],
}

impl<'a> Projected<'a> {
    /// Position of a file's column in the batch.
    pub fn at(self, column: usize) -> Result<usize, LakeError> {
        self.columns
            .binary_search(&column)
            .map_err(|_| LakeError::Internal(format!("column {column} was not read")))
    }

    pub fn words(self, column: usize) -> Result<WordColumn<'a>, LakeError> {
        Ok(BatchColumns(self.batch).words(self.at(column)?)?)
    }

    /// End of each row, in Unix nanoseconds.
    pub fn ends(self) -> Result<Vec<i64>, LakeError> {
        let columns = BatchColumns(self.batch);
        let starts = columns.instants(self.at(s::START)?)?.iter();
        let durations = columns.i64s(self.at(s::DURATION)?)?;
        let both = starts.zip(durations);
        Ok(both
            .map(|(start, duration)| start.saturating_add(*duration))
            .collect())
    }
}

/// A term evaluated on one batch of a file.
pub(crate) enum BatchTerm<'a> {
    Status(u16, &'a UInt16Array),
    Sources(&'a Matcher, Vec<BatchSource<'a>>),
}

pub(crate) struct BatchSource<'a> {
    /// Attribute key of the values; `None` if the column holds JSON objects.
    key: Option<&'a str>,
    words: WordColumn<'a>,
    /// Result per dictionary entry; the outer `None` means not evaluated yet.
    verdicts: Vec<Option<Option<Arc<Matched>>>>,
}

impl<'a> BatchTerm<'a> {
    /// Uses those of the sources that were read into the batch.
    pub fn new(
        matcher: &'a Matcher,
        sources: &[Source],
        batch: Projected<'a>,
    ) -> Result<Self, LakeError> {
        if let Term::HttpStatus(wanted) = matcher.term {
            let at = batch.at(s::HTTP_STATUS)?;
            return Ok(Self::Status(wanted, BatchColumns(batch.batch).u16s(at)?));
        }
        let fields = batch.batch.schema_ref().fields();
        let mut read = Vec::new();
        for source in sources {
            let Ok(at) = batch.at(source.column) else {
                continue;
            };
            let words = BatchColumns(batch.batch).words(at)?;
            let key = match source.holds {
                Holds::Objects => None,
                Holds::Values => attribute_of(fields[at].name()).map(|(_, key)| key),
            };
            read.push(BatchSource {
                key,
                words,
                verdicts: vec![None; words.dictionary_len()],
            });
        }
        Ok(Self::Sources(matcher, read))
    }

    /// What the term matches in a row; `None` if nothing.
    pub fn matched(&mut self, row: usize) -> Option<Arc<Matched>> {
        match self {
            Self::Status(wanted, column) => {
                let has = column.is_valid(row) && column.value(row) == *wanted;
                has.then(|| http_status(*wanted))
            }
            Self::Sources(matcher, sources) => sources.iter_mut().find_map(|source| {
                let key = source.words.key(row)?;
                let word = source.words;
                let verdict = source.verdicts[key].get_or_insert_with(|| {
                    let word = word.value(key);
                    match source.key {
                        None => matcher.in_object(word),
                        Some(key) => matcher.has_value(word).then(|| matched(key, word)),
                    }
                });
                verdict.clone()
            }),
        }
    }
}
