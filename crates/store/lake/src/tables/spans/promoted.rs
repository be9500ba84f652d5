//! Promoted attributes. An administrator names them, and every row group written from then on has a
//! bloom filter of all their values.
//!
//! The filter belongs to the column of the key's text values, which every such file has. It also
//! includes values that are stored elsewhere: non-text values, values in the attribute objects that
//! spans share, and values among the other attributes. So if the filter lacks a value, the row
//! group lacks it too.

use crate::{
    LakeError, Term,
    scan::matcher::{Matcher, members},
    tables::spans::columns::{self as s, json_column, text_column},
};
use arrow_schema::SchemaRef;
use hinomi_columnar::{RowGroup, WordColumn};
use hinomi_model::Text;
use parquet::bloom_filter::Sbbf;
use std::collections::{HashMap, HashSet};

/// False positive rate of a filter.
const FALSE_POSITIVES: f64 = 0.01;

/// The filters of a row group of table `spans`, by column.
pub(crate) fn filters(
    group: &mut RowGroup,
    schema: &SchemaRef,
    promoted: &[Text],
) -> Result<HashMap<usize, Sbbf>, LakeError> {
    let mut filters = HashMap::new();
    if promoted.is_empty() {
        return Ok(filters);
    }
    let objects = [
        group.column(s::ATTRIBUTES)?,
        group.column(s::OTHER_ATTRIBUTES)?,
    ];
    let [shared, others] = &objects;
    let (shared, others) = (used(WordColumn::of(shared)?), used(WordColumn::of(others)?));
    for key in promoted {
        let Ok(column) = schema.index_of(&text_column(key)) else {
            continue;
        };
        let mut values: HashSet<String> = HashSet::new();
        let json = schema.index_of(&json_column(key)).ok();
        for own in [Some(column), json].into_iter().flatten() {
            let own = group.column(own)?;
            let own = used(WordColumn::of(&own)?);
            values.extend(own.into_iter().map(str::to_owned));
        }
        let has = Matcher::new(&Term::Has { key: key.clone() });
        for object in shared.iter().chain(&others) {
            if has.may_be_in(object.as_bytes()) {
                members(object, |member, value| {
                    if member == &**key {
                        values.insert(value.to_owned());
                    }
                });
            }
        }
        let mut filter = Sbbf::new_with_ndv_fpp(values.len().max(1) as u64, FALSE_POSITIVES)?;
        values
            .iter()
            .for_each(|value| filter.insert(value.as_str()));
        filters.insert(column, filter);
    }
    Ok(filters)
}

/// The words that rows use; the dictionary may hold those of a whole flush.
fn used(column: WordColumn<'_>) -> Vec<&str> {
    let mut is_used = vec![false; column.dictionary_len()];
    for row in 0..column.len() {
        if let Some(key) = column.key(row) {
            is_used[key] = true;
        }
    }
    let keys = is_used.iter().enumerate();
    let keys = keys.filter(|(_, is_used)| **is_used);
    keys.map(|(key, _)| column.value(key)).collect()
}
