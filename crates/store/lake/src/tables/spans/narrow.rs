//! The limit on attribute columns. A segment has columns for the attributes that were frequent when
//! it was written. A merge keeps the columns of the most frequent attributes overall, and moves the
//! other values to the column of other attributes.

use crate::{
    LakeError,
    segment::OpenSegment,
    tables::spans::columns::{self as s, attribute_of},
    tables::spans::gather::ATTRIBUTE_COLUMNS,
};
use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use hinomi_columnar::{BatchColumns, WordBuilder, WordColumn};
use hinomi_model::{Text, batch::ValueKind, text::push_json};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// The attribute columns that a merge drops.
#[derive(Debug, Default)]
pub(crate) struct Narrow {
    dropped: HashSet<String>,
}

impl Narrow {
    /// Chooses from the columns of these files by their number of values. Columns of promoted
    /// attributes stay.
    pub fn of(files: &[OpenSegment], promoted: &[Text]) -> Self {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        let groups = files
            .iter()
            .flat_map(|file| file.metadata.metadata().row_groups());
        for column in groups.flat_map(|group| group.columns()) {
            let nulls = column.statistics().and_then(|known| known.null_count_opt());
            let values = u64::try_from(column.num_values()).unwrap_or(0);
            *counts.entry(column.column_descr().name()).or_default() +=
                values.saturating_sub(nulls.unwrap_or(0));
        }
        Self::by_counts(counts, promoted)
    }

    fn by_counts(counts: HashMap<&str, u64>, promoted: &[Text]) -> Self {
        let mut columns: Vec<(&str, u64)> = counts
            .into_iter()
            .filter(|(name, _)| attribute_of(name).is_some())
            .collect();
        columns.sort_unstable_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
        let is_promoted = |name: &str| {
            attribute_of(name).is_some_and(|(_, key)| promoted.iter().any(|one| **one == *key))
        };
        let rare = columns.into_iter().skip(ATTRIBUTE_COLUMNS);
        let dropped = rare.filter(|(name, _)| !is_promoted(name));
        Self {
            dropped: dropped.map(|(name, _)| name.to_owned()).collect(),
        }
    }

    /// The schema without the dropped columns.
    pub fn schema(&self, schema: &SchemaRef) -> SchemaRef {
        if self.dropped.is_empty() {
            return schema.clone();
        }
        let fields = schema.fields().iter();
        let kept = fields.filter(|field| !self.dropped.contains(field.name()));
        Schema::new(kept.cloned().collect::<Vec<_>>()).into()
    }

    /// The batch without the dropped columns, whose values move to the column of other attributes.
    pub fn batch(&self, batch: RecordBatch) -> Result<RecordBatch, LakeError> {
        let columns = BatchColumns(&batch);
        let mut going: Vec<(ValueKind, &str, WordColumn<'_>)> = Vec::new();
        let schema = batch.schema_ref();
        for (at, field) in schema.fields().iter().enumerate() {
            if self.dropped.contains(field.name())
                && let Some((kind, key)) = attribute_of(field.name())
            {
                going.push((kind, key, columns.words(at)?));
            }
        }
        if going.is_empty() {
            return Ok(batch);
        }
        let others = columns.words(s::OTHER_ATTRIBUTES)?;
        let texts: Vec<Option<Cow<'_, str>>> = (0..batch.num_rows())
            .map(|row| {
                let have = others.key(row).map(|key| Cow::Borrowed(others.value(key)));
                going
                    .iter()
                    .fold(have, |have, (kind, key, column)| match column.key(row) {
                        Some(value) => {
                            let have = have.map_or_else(String::new, Cow::into_owned);
                            Some(Cow::Owned(with(have, *kind, key, column.value(value))))
                        }
                        None => have,
                    })
            })
            .collect();
        let mut words = WordBuilder::with_capacity(texts.len());
        for text in &texts {
            words.push_option(text.as_deref());
        }
        let mut arrays = batch.columns().to_vec();
        arrays[s::OTHER_ATTRIBUTES] = words.finish()?;
        Ok(RecordBatch::try_new(schema.clone(), arrays)?)
    }
}

/// A JSON object, which may be the empty string, with one more member.
fn with(object: String, kind: ValueKind, key: &str, value: &str) -> String {
    let mut json = object;
    match json.pop() {
        None => json.push('{'),
        Some(_) if json == "{" => {}
        Some(_) => json.push(','),
    }
    push_json(&mut json, key);
    json.push(':');
    match kind {
        ValueKind::Text => push_json(&mut json, value),
        ValueKind::Json => json.push_str(value),
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_added_to_any_object() {
        let one = with(String::new(), ValueKind::Text, "a", "x\"y");
        assert_eq!(one, r#"{"a":"x\"y"}"#);
        let two = with(one, ValueKind::Json, "b", "[1]");
        assert_eq!(two, r#"{"a":"x\"y","b":[1]}"#);
        assert_eq!(with("{}".into(), ValueKind::Json, "c", "1"), r#"{"c":1}"#);
    }

    #[test]
    fn the_rarest_go_and_promoted_ones_stay() {
        let names: Vec<String> = (0..70).map(|at| format!("attributes.k{at:02}")).collect();
        let mut counts: HashMap<&str, u64> = names.iter().map(String::as_str).zip(1..).collect();
        counts.insert("trace_id", 0);
        let narrow = Narrow::by_counts(counts, &["k01".into()]);
        let mut dropped: Vec<&str> = narrow.dropped.iter().map(String::as_str).collect();
        dropped.sort_unstable();
        let expected: Vec<String> = [0, 2, 3, 4, 5]
            .map(|at| format!("attributes.k{at:02}"))
            .into();
        assert_eq!(dropped, expected);
    }
}
