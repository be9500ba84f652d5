//! Converts rollups to columns and back.
//!
//! One row per (bucket, key). Families: 1 transactions, 2 calls, 3 errors, 4 failed calls. Columns
//! that a family does not use are null. Latency is two lists of equal length, (histogram bucket,
//! count). Hitmap cells are three lists, (row, ok, error).

use crate::{
    Families, LakeError,
    tables::spans::decode::{category, kind},
    tables::{TableId, fields::item, rollups::columns as r},
};
use arrow_array::{
    ArrayRef, RecordBatch, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
    builder::{ListBuilder, PrimitiveBuilder},
    types::{ArrowPrimitiveType, UInt8Type, UInt16Type, UInt32Type},
};
use hinomi_columnar::{BatchColumns, Texts, WordBuilder, instants, optional_u8};
use hinomi_model::{
    CallFailure, LatencyHistogram, Rollup, RollupKey, TransactionKind, UnixNanos,
    rollup::{Cell, ServiceKey},
};
use std::{collections::HashSet, sync::Arc};

/// One rollup of a segment.
pub(crate) type Row<'a> = (UnixNanos, &'a RollupKey, &'a Rollup);

const TRANSACTION: u8 = 1;
const CALL: u8 = 2;
const ERROR: u8 = 3;
const FAILED_CALL: u8 = 4;

/// The family of a key.
pub(crate) fn family(key: &RollupKey) -> Families {
    match key {
        RollupKey::Transaction { .. } => Families::TRANSACTIONS,
        RollupKey::Call { .. } => Families::CALLS,
        RollupKey::Error { .. } => Families::ERRORS,
        RollupKey::FailedCall { .. } => Families::FAILED_CALLS,
    }
}

/// Encodes the rows as a batch of a rollup table.
pub(crate) fn encode(rows: &[Row<'_>]) -> Result<RecordBatch, LakeError> {
    let len = rows.len();
    let [
        mut service,
        mut namespace,
        mut environment,
        mut operation,
        mut instance,
        mut version,
        mut target,
        mut detail,
        mut error_type,
    ] = std::array::from_fn(|_| WordBuilder::with_capacity(len));
    let mut families = Vec::with_capacity(len);
    let mut categories = Vec::with_capacity(len);
    let (mut buckets, mut counts) = (lists::<UInt16Type>(), lists::<UInt32Type>());
    let (mut cell_rows, mut ok, mut error) = (
        lists::<UInt8Type>(),
        lists::<UInt32Type>(),
        lists::<UInt32Type>(),
    );
    for (_, key, rollup) in rows {
        let of = key.service();
        service.push(&of.service);
        namespace.push(&of.namespace);
        environment.push(&of.environment);
        let parts = Parts::of(key);
        families.push(parts.family);
        categories.push(parts.category);
        operation.push_option(parts.operation);
        instance.push_option(parts.instance);
        version.push_option(parts.version);
        target.push_option(parts.target);
        detail.push_option(parts.detail);
        error_type.push_option(parts.error_type);
        append(
            &mut buckets,
            rollup.latency.buckets().iter().map(|bucket| bucket.0),
        );
        append(
            &mut counts,
            rollup.latency.buckets().iter().map(|bucket| bucket.1),
        );
        append(&mut cell_rows, rollup.cells.iter().map(|cell| cell.row));
        append(&mut ok, rollup.cells.iter().map(|cell| cell.ok));
        append(&mut error, rollup.cells.iter().map(|cell| cell.error));
    }
    let numbers = |of: fn(&Rollup) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(
            rows.iter().map(|(_, _, rollup)| of(rollup)),
        ))
    };
    let columns: Vec<ArrayRef> = vec![
        instants(rows.iter().map(|(bucket, _, _)| bucket.0)),
        Arc::new(UInt8Array::from(families)),
        service.finish()?,
        namespace.finish()?,
        environment.finish()?,
        operation.finish()?,
        instance.finish()?,
        version.finish()?,
        Arc::new(UInt8Array::from(categories)),
        target.finish()?,
        detail.finish()?,
        error_type.finish()?,
        numbers(|rollup| rollup.count),
        numbers(|rollup| rollup.errors),
        numbers(|rollup| rollup.total_ns),
        Arc::new(buckets.finish()),
        Arc::new(counts.finish()),
        Arc::new(cell_rows.finish()),
        Arc::new(ok.finish()),
        Arc::new(error.finish()),
    ];
    Ok(RecordBatch::try_new(
        TableId::ROLLUPS_5S.kind().schema().clone(),
        columns,
    )?)
}

/// Decodes the rollups of a batch. Equal services are shared through `services`.
pub(crate) fn decode(
    batch: &RecordBatch,
    services: &mut HashSet<ServiceKey>,
) -> Result<Vec<(UnixNanos, RollupKey, Rollup)>, LakeError> {
    let columns = BatchColumns(batch);
    let texts = |at| columns.words(at).map(Texts::new);
    let (mut service, mut namespace, mut environment) = (
        texts(r::SERVICE)?,
        texts(r::NAMESPACE)?,
        texts(r::ENVIRONMENT)?,
    );
    let (mut operation, mut instance, mut version) = (
        texts(r::OPERATION)?,
        texts(r::INSTANCE)?,
        texts(r::VERSION)?,
    );
    let (mut target, mut detail, mut error_type) =
        (texts(r::TARGET)?, texts(r::DETAIL)?, texts(r::ERROR_TYPE)?);
    let (bucket, families) = (columns.instants(r::BUCKET)?, columns.u8s(r::FAMILY)?);
    let categories = columns.u8s(r::CATEGORY)?;
    let (count, errors, total) = (
        columns.u64s(r::COUNT)?,
        columns.u64s(r::ERRORS)?,
        columns.u64s(r::TOTAL)?,
    );
    let latency_buckets = columns.lists::<UInt16Array>(r::LATENCY_BUCKETS)?;
    let latency_counts = columns.lists::<UInt32Array>(r::LATENCY_COUNTS)?;
    let cell_rows = columns.lists::<UInt8Array>(r::CELL_ROWS)?;
    let cell_ok = columns.lists::<UInt32Array>(r::CELL_OK)?;
    let cell_error = columns.lists::<UInt32Array>(r::CELL_ERROR)?;
    let mut rollups = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let of = ServiceKey {
            service: service.required(row),
            namespace: namespace.required(row),
            environment: environment.required(row),
        };
        let of = match services.get(&of) {
            Some(have) => have.clone(),
            None => {
                services.insert(of.clone());
                of
            }
        };
        let key = match families.value(row) {
            TRANSACTION => RollupKey::Transaction {
                service: of,
                operation: operation.required(row),
                instance: instance.required(row),
                version: version.required(row),
                kind: kind(optional_u8(categories, row).unwrap_or(0))?,
            },
            CALL => RollupKey::Call {
                service: of,
                category: category(optional_u8(categories, row).unwrap_or(0))?,
                target: target.required(row),
                detail: detail.required(row),
            },
            ERROR => RollupKey::Error {
                service: of,
                error_type: error_type.required(row),
                operation: operation.required(row),
            },
            FAILED_CALL => RollupKey::FailedCall {
                service: of,
                category: category(optional_u8(categories, row).unwrap_or(0))?,
                target: target.required(row),
                failure: CallFailure::of_word(&error_type.required(row)),
                instance: instance.required(row),
            },
            number => {
                return Err(LakeError::Columns(format!(
                    "{number} is no family of rollups"
                )));
            }
        };
        let latency = latency_buckets
            .get(row)
            .iter()
            .copied()
            .zip(latency_counts.get(row).iter().copied());
        let cells = cell_rows
            .get(row)
            .iter()
            .zip(cell_ok.get(row))
            .zip(cell_error.get(row));
        let rollup = Rollup {
            count: count[row],
            errors: errors[row],
            total_ns: total[row],
            latency: LatencyHistogram::from_buckets(latency),
            cells: cells
                .map(|((&row, &ok), &error)| Cell { row, ok, error })
                .collect(),
        };
        rollups.push((UnixNanos(bucket[row]), key, rollup));
    }
    Ok(rollups)
}

struct Parts<'a> {
    family: u8,
    category: Option<u8>,
    operation: Option<&'a str>,
    instance: Option<&'a str>,
    version: Option<&'a str>,
    target: Option<&'a str>,
    detail: Option<&'a str>,
    error_type: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(key: &'a RollupKey) -> Self {
        let none = Self {
            family: TRANSACTION,
            category: None,
            operation: None,
            instance: None,
            version: None,
            target: None,
            detail: None,
            error_type: None,
        };
        match key {
            RollupKey::Transaction {
                operation,
                instance,
                version,
                kind,
                ..
            } => Self {
                category: (*kind != TransactionKind::Request).then_some(*kind as u8),
                operation: Some(operation),
                instance: Some(instance),
                version: Some(version),
                ..none
            },
            RollupKey::Call {
                category,
                target,
                detail,
                ..
            } => Self {
                family: CALL,
                category: Some(*category as u8),
                target: Some(target),
                detail: Some(detail),
                ..none
            },
            RollupKey::Error {
                error_type,
                operation,
                ..
            } => Self {
                family: ERROR,
                operation: Some(operation),
                error_type: Some(error_type),
                ..none
            },
            RollupKey::FailedCall {
                category,
                target,
                failure,
                instance,
                ..
            } => Self {
                family: FAILED_CALL,
                category: Some(*category as u8),
                target: Some(target),
                error_type: Some(failure.as_str()),
                instance: Some(instance),
                ..none
            },
        }
    }
}

fn lists<T: ArrowPrimitiveType>() -> ListBuilder<PrimitiveBuilder<T>> {
    ListBuilder::new(PrimitiveBuilder::new()).with_field(item(T::DATA_TYPE))
}

fn append<T: ArrowPrimitiveType>(
    list: &mut ListBuilder<PrimitiveBuilder<T>>,
    items: impl Iterator<Item = T::Native>,
) {
    items.for_each(|item| list.values().append_value(item));
    list.append(true);
}
