//! The suite that every engine behind the contract of `hinomi-store` passes.
//!
//! An engine brings a [`Subject`]: how it is made, and how its data come to rest. [`suite!`] turns
//! the cases into tests of the engine's crate. The oracle is [`Model`], a list of spans.
//!
//! Says nothing of what happens beneath the contract: damage, full disks, crashes at any step and
//! limits are tests of each engine.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on has failed")]

pub mod arrivals;
pub mod attributes;
pub mod call_trees;
pub mod counting;
pub mod forest;
pub mod isolation;
pub mod logs;
mod model;
pub mod paging;
pub mod questions;
pub mod registry;
pub mod spans;
pub mod traces;

pub use model::Model;

use hinomi_model::{Span, SpanId, SpanIdentity, TraceId};
use hinomi_store::Store;
use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How an engine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was asked to close, and has closed.
    Closed,
    /// As if its process had been killed.
    Killed,
}

/// An engine under test. Its clock stands at [`spans::HOUR`] at first, and it deletes nothing by age.
pub trait Subject: Sized {
    /// A new engine without data.
    fn new() -> impl Future<Output = Self>;

    /// The engine, as its callers see it.
    fn store(&self) -> &dyn Store;

    /// Moves what is held in memory to where it is kept. Nothing in an engine that has only one
    /// place.
    fn flush(&mut self) -> impl Future<Output = ()>;

    /// Lets time pass and does what is due then, such as merges.
    fn pass(&mut self, time: Duration) -> impl Future<Output = ()>;

    /// Ends the engine and starts it again on the same data. Nothing in an engine that keeps none.
    fn restart(&mut self, end: End) -> impl Future<Output = ()>;
}

/// Makes a test of each case of the suite, for one [`Subject`]. The crate needs `tokio`.
#[macro_export]
macro_rules! suite {
    ($subject:ty) => {
        $crate::suite! { @cases $subject;
            arrivals: each_is_told_once_whenever_it_ended filters_hold_for_what_comes;
            attributes:
                an_order_is_found_by_its_number_wherever_its_span_is
                pages_hold_every_match_once_and_newest_first
                transactions_are_counted_and_listed_by_attribute_and_status
                a_search_finds_what_looking_at_every_span_finds;
            call_trees:
                transactions_come_with_the_spans_of_their_traces
                transactions_are_read_by_their_place;
            counting:
                the_cells_of_any_region_count_the_transactions_listed
                a_call_keeps_its_category_and_target;
            isolation: a_project_sees_nothing_of_another;
            logs:
                a_search_finds_what_looking_at_every_record_finds
                a_record_is_found_by_a_trace_that_no_other_has
                pages_of_logs_reach_every_record_once
                what_comes_in_later_moves_no_page_of_logs
                logs_and_spans_do_not_touch_each_other;
            paging: pages_reach_all_transactions_once_even_when_ends_tie;
            registry:
                services_are_remembered_with_their_newest_bucket
                what_a_resource_said_last_is_kept
                a_version_keeps_the_time_it_was_first_seen
                a_deployment_that_was_told_is_kept
                a_host_that_was_learned_is_kept
                promoted_attributes_are_kept_until_they_are_demoted
                settings_of_a_service_are_kept_until_they_are_reset;
            traces:
                a_trace_in_pieces_is_one
                a_span_that_came_twice_is_shown_once
                of_two_copies_the_earlier_counts
                spans_that_share_an_id_are_all_there
                every_span_of_a_long_trace_is_on_one_page_and_counted_on_each
                the_page_with_a_span_is_found_by_its_id
                the_first_spans_of_several_traces_are_had_at_once;
        }
    };
    (@cases $subject:ty; $($module:ident: $($case:ident)+;)+) => {
        $($(
            #[tokio::test]
            async fn $case() {
                $crate::$module::$case::<$subject>().await;
            }
        )+)+
    };
}

/// Takes these spans in, in one batch of project `default`.
pub(crate) async fn append(subject: &impl Subject, spans: &[Span]) {
    let batch = hinomi_store::Batch::of("default", spans);
    subject.store().append(batch).await.unwrap();
}

/// Ids of all spans of the store.
pub(crate) async fn span_ids(store: &dyn Store) -> Vec<(TraceId, SpanId)> {
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = ids.clone();
    let see = Box::new(move |span: SpanIdentity| {
        seen.lock().unwrap().push((span.trace_id, span.span_id));
        ControlFlow::Continue(())
    });
    store
        .spans_since("default".into(), hinomi_model::UnixNanos(0), see)
        .await
        .unwrap();
    let ids = ids.lock().unwrap();
    ids.clone()
}
