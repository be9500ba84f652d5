//! Makes row groups of the log records in memory. All texts are put into one table of words first, so
//! that a row group takes numbers only.

use super::columns;
use crate::{
    LakeError,
    memtable::Chunk,
    tables::{fields::dictionary_of, spans::resource_text},
};
use arrow_array::{ArrayRef, BooleanArray, UInt8Array};
use arrow_schema::ArrowError;
use hinomi_columnar::{Column, RowGroup, binary, instants, word_column};
use hinomi_model::{LogBatch, batch::Words, log::LogRow};
use std::{collections::HashMap, sync::Arc};

/// A row: the number of its chunk, and its position there.
pub(super) type RowRef = (u32, u32);

/// Size of a row's numbers and ids, in bytes.
const FIXED_ROW_BYTES: usize = 96;

/// The log records of some chunks.
pub(super) struct LogGatherer<'a> {
    chunks: Vec<&'a LogBatch>,
    /// By chunk and symbol: the word.
    symbols: Vec<Vec<i32>>,
    /// By chunk and resource: the words of service, namespace, environment and the rest.
    resources: Vec<Vec<[i32; 4]>>,
    /// Rank of each service's word in the order of names.
    ranks: HashMap<i32, u32>,
    words: ArrayRef,
    /// Average size of the words that a row adds, in bytes.
    word_bytes: usize,
}

impl<'a> LogGatherer<'a> {
    /// Prepares the rows of these chunks.
    pub fn new(chunks: &[&'a Chunk<LogBatch>]) -> Result<Self, LakeError> {
        let chunks: Vec<&LogBatch> = chunks.iter().map(|chunk| &chunk.batch).collect();
        let mut words = Words::default();
        let mut symbols = Vec::with_capacity(chunks.len());
        let mut resources = Vec::with_capacity(chunks.len());
        let mut services: Vec<(String, i32)> = Vec::new();
        for chunk in &chunks {
            let of_chunk = chunk.words.iter().map(|word| words.intern(word).0 as i32);
            symbols.push(of_chunk.collect());
            let of_chunk = chunk.resources.iter().map(|resource| {
                let mut word = |text: &str| words.intern(text).0 as i32;
                let service = word(&resource.service);
                services.push((resource.service.to_string(), service));
                [
                    service,
                    word(&resource.namespace),
                    word(&resource.environment),
                    word(&resource_text::write(resource)),
                ]
            });
            resources.push(of_chunk.collect());
        }
        services.sort_unstable();
        services.dedup();
        let ranks = services
            .into_iter()
            .map(|(_, word)| word)
            .zip(0..)
            .collect();
        let rows: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        let word_bytes = words.weight() / rows.max(1);
        Ok(Self {
            chunks,
            symbols,
            resources,
            ranks,
            words: dictionary_of(words)?,
            word_bytes,
        })
    }

    /// All rows with their positions.
    pub fn all(&self) -> impl Iterator<Item = (RowRef, &'a LogRow)> {
        let chunks = self.chunks.iter().enumerate();
        chunks.flat_map(|(chunk, batch)| {
            let rows = batch.rows.iter().enumerate();
            rows.map(move |(at, row)| ((chunk as u32, at as u32), row))
        })
    }

    /// Rank of a row's service in the order of names.
    pub fn service_rank(&self, (chunk, at): RowRef) -> u32 {
        let resource = self.chunks[chunk as usize].rows[at as usize].resource;
        let [service, ..] = self.resources[chunk as usize][resource as usize];
        self.ranks.get(&service).copied().unwrap_or(0)
    }

    /// The given rows as a row group.
    pub fn group(&self, places: &[RowRef]) -> Result<RowGroup, LakeError> {
        let rows = || {
            places.iter().map(|&(chunk, at)| {
                let row = &self.chunks[chunk as usize].rows[at as usize];
                (chunk as usize, row)
            })
        };
        let text = |of: fn(&LogRow) -> hinomi_model::batch::Symbol| {
            let keys = rows().map(|(chunk, row)| self.symbols[chunk][of(row).index()]);
            self.words_of(keys.collect())
        };
        let resource = |part: usize| {
            let keys =
                rows().map(|(chunk, row)| self.resources[chunk][row.resource as usize][part]);
            self.words_of(keys.collect())
        };
        let mut trace_ids = Vec::with_capacity(places.len() * 16);
        let mut span_ids = Vec::with_capacity(places.len() * 8);
        for (_, row) in rows() {
            trace_ids.extend_from_slice(&row.trace_id.map_or([0; 16], |id| *id.as_bytes()));
            span_ids.extend_from_slice(&row.span_id.map_or([0; 8], |id| *id.as_bytes()));
        }
        let severities: UInt8Array = rows().map(|(_, row)| Some(row.severity)).collect();
        let json: BooleanArray = rows().map(|(_, row)| Some(row.body_is_json)).collect();
        let columns: Vec<Column> = vec![
            instants(rows().map(|(_, row)| row.time.0)).into(),
            instants(rows().map(|(_, row)| row.observed.0)).into(),
            (Arc::new(severities) as ArrayRef).into(),
            text(|row| row.severity_text)?,
            resource(0)?,
            resource(1)?,
            resource(2)?,
            resource(3)?,
            text(|row| row.scope)?,
            text(|row| row.event_name)?,
            text(|row| row.body)?,
            (Arc::new(json) as ArrayRef).into(),
            text(|row| row.attributes)?,
            binary(16, trace_ids, None)?.into(),
            binary(8, span_ids, None)?.into(),
        ];
        debug_assert_eq!(columns.len(), columns::SCHEMA.fields().len());
        Ok(RowGroup::new(columns, FIXED_ROW_BYTES + self.word_bytes))
    }

    fn words_of(&self, keys: Vec<i32>) -> Result<Column, ArrowError> {
        Ok(word_column(keys, self.words.clone())?.into())
    }
}
