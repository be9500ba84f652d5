//! Tests of trees and critical paths, written as text: `id<parent [start,end] service call`.

use super::*;
use hinomi_model::{Resource, SpanKind, SpanStatus, Text};
use proptest::prelude::*;
use std::{sync::Arc, time::Duration};

fn trace_id() -> TraceId {
    TraceId::from_slice(&[7; 16]).unwrap()
}

fn span_id(number: u64) -> SpanId {
    SpanId::from_slice(&(number + 1).to_be_bytes()).unwrap()
}

fn span(id: u64, parent: Option<u64>, start: i64, end: i64) -> Span {
    Span {
        trace_id: trace_id(),
        span_id: span_id(id),
        parent_span_id: parent.map(span_id),
        start: UnixNanos(start),
        end: UnixNanos(end),
        kind: SpanKind::Internal,
        status: SpanStatus::Unset,
        status_message: Text::from(""),
        name: Text::from(format!("{id}")),
        resource: service("a"),
        scope: Text::from(""),
        http_status: None,
        error_type: None,
        transaction: None,
        call: None,
        attributes: "{}".to_owned(),
        events: String::new(),
        links: String::new(),
    }
}

fn service(name: &str) -> Arc<Resource> {
    let empty = Text::from("");
    Arc::new(Resource {
        service: Text::from(name),
        namespace: empty.clone(),
        environment: empty.clone(),
        instance: empty.clone(),
        version: empty.clone(),
        host: empty,
        attributes: Text::from("{}"),
    })
}

fn call(category: CallCategory) -> Option<ClientCall> {
    Some(ClientCall {
        category,
        target: Text::from("there"),
        detail: Text::from("that"),
        failed: false,
    })
}

/// In `input`, `"1<0 3 7"` is span 1 with parent 0, from 3 to 7. `expected` is the tree as `"0(1
/// 2(3))"`, with `?` at orphans and `*` at critical spans.
#[track_caller]
fn check(input: &str, expected: &str) {
    let spans = input
        .split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let mut words = part.split_whitespace();
            let (id, parent) = match words.next().unwrap().split_once('<') {
                Some((id, parent)) => (id.to_owned(), Some(parent.parse().unwrap())),
                None => (part.split_whitespace().next().unwrap().to_owned(), None),
            };
            let mut number = || words.next().unwrap().parse().unwrap();
            span(id.parse().unwrap(), parent, number(), number())
        })
        .collect();
    assert_eq!(
        draw(&assemble(trace_id(), spans, 0, Clocks::Aligned)),
        expected
    );
}

fn draw(trace: &Trace) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for (index, span) in trace.spans.iter().enumerate() {
        match span.depth.cmp(&depth) {
            std::cmp::Ordering::Greater => out.push('('),
            std::cmp::Ordering::Less => out.push_str(&")".repeat(depth - span.depth)),
            std::cmp::Ordering::Equal => {}
        }
        if index > 0 && span.depth <= depth {
            out.push(' ');
        }
        depth = span.depth;
        out.push_str(&span.name);
        if span.orphan {
            out.push('?');
        }
        if span.critical {
            out.push('*');
        }
    }
    out.push_str(&")".repeat(depth));
    out
}

#[test]
fn siblings_stand_by_start_and_parents_before_children() {
    check("2<0 5 6, 0 0 10, 1<0 1 4, 3<1 2 3", "0*(1*(3*) 2*)");
}

#[test]
fn missing_parents_leave_orphans_in_order_of_start() {
    check("1<9 4 6, 0 0 10, 2<1 4 5", "0* 1?(2)");
    check("1<9 4 6, 2<8 0 2", "2?* 1?*");
}

#[test]
fn rings_and_self_parents_are_cut_where_they_begin() {
    check("0<0 0 9", "0*");
    check("0<2 3 4, 1<0 2 4, 2<1 1 4", "2*(0*(1*))");
    check("0<1 0 9, 1<0 0 8, 2<1 3 4", "0*(1*(2*))");
}

#[test]
fn a_span_that_comes_twice_is_shown_once_as_it_was_first() {
    check("0 0 10, 1<0 2 6, 1<0 2 9", "0*(1*)");
    let spans = vec![span(1, None, 2, 6), span(1, None, 2, 9)];
    assert_eq!(
        assemble(trace_id(), spans, 0, Clocks::Aligned).spans[0].duration,
        Duration::from_nanos(7)
    );
}

#[test]
fn spans_that_share_an_id_are_all_shown_and_have_addresses() {
    // Forked processes with the same random numbers.
    check("0 0 10, 1<0 2 9, 1<0 5 6", "0*(1* 1)");
    let spans = vec![span(1, None, 5, 6), span(1, None, 2, 9)];
    let trace = assemble(trace_id(), spans, 0, Clocks::Aligned);
    let second: SpanAddress = format!("{}.2", span_id(1)).parse().unwrap();
    let at = trace.position(second).unwrap();
    assert_eq!(trace.spans[at].start, UnixNanos(5));
    assert_eq!(trace.spans[at].address(), second);
}

#[test]
fn the_answering_side_is_below_the_calling_side_of_the_same_id() {
    // Span 1 is both sides of a call of `a` to `b`. Each has a child.
    let of = |service_of, kind, mut span: Span| {
        span.resource = service(service_of);
        span.kind = kind;
        span
    };
    let spans = vec![
        of("a", SpanKind::Server, span(0, None, 0, 100)),
        of("a", SpanKind::Client, span(1, Some(0), 10, 90)),
        of("b", SpanKind::Server, span(1, Some(0), 20, 80)),
        of("a", SpanKind::Internal, span(2, Some(1), 12, 14)),
        of("b", SpanKind::Internal, span(3, Some(1), 30, 60)),
    ];
    let trace = assemble(trace_id(), spans, 0, Clocks::Aligned);
    let who = |index: usize| {
        let span = &trace.spans[index];
        format!("{} {}", span.name, span.resource.service)
    };
    let placed: Vec<(String, Option<String>)> = (0..trace.spans.len())
        .map(|index| (who(index), trace.spans[index].parent.map(who)))
        .collect();
    let below = |child: &str, parent: &str| (child.to_owned(), Some(parent.to_owned()));
    assert_eq!(
        placed,
        [
            ("0 a".to_owned(), None),
            below("1 a", "0 a"),
            below("2 a", "1 a"),
            below("1 b", "1 a"),
            below("3 b", "1 b"),
        ]
    );
    // A list of transactions links to the answering side by the id alone.
    let linked = trace.position(span_id(1).into()).unwrap();
    assert_eq!(trace.spans[linked].kind, SpanKind::Server);
    assert!(!trace.partial);
}

#[test]
fn the_last_child_to_finish_was_waited_for() {
    // Spans 1 and 2 run in parallel and 2 ends last. Span 1 is therefore not waited for.
    check("0 0 10, 1<0 1 5, 2<0 1 8", "0*(2* 1)");
    check("0 0 10, 1<0 1 3, 2<0 2 8", "0*(1* 2*)");
}

#[test]
fn nothing_makes_an_empty_partial_trace() {
    let trace = assemble(trace_id(), Vec::new(), 0, Clocks::Aligned);
    assert_eq!((trace.spans.len(), trace.partial), (0, true));
    assert_eq!(critical_time_by_category(&trace), Vec::new());
}

#[test]
fn parents_on_other_pages_are_not_missing_and_clocks_stay_as_sent() {
    let mut spans = vec![span(11, Some(10), 5, 9), span(12, Some(7), 6, 8)];
    spans.extend(call_between((100, 200), (0, 50)));
    let whole = assemble(trace_id(), spans.clone(), 0, Clocks::Aligned);
    assert!(!whole.skews.is_empty());
    let rows = TraceRows {
        spans,
        before: 3,
        omitted: 2,
        elsewhere: HashSet::from([span_id(10)]),
        ..TraceRows::default()
    };
    let trace = assemble_page(trace_id(), rows, Clocks::Aligned);
    let orphan = |id| {
        let mut spans = trace.spans.iter();
        spans
            .find(|span| span.span_id == span_id(id))
            .unwrap()
            .orphan
    };
    assert_eq!((orphan(11), orphan(12)), (false, true));
    assert!(trace.skews.is_empty());
    assert!(trace.partial && trace.is_page());
    assert_eq!(trace.total(), trace.spans.len() + 5);
}

#[test]
fn a_trace_is_partial_when_something_is_known_to_be_missing() {
    let partial = |spans, omitted| assemble(trace_id(), spans, omitted, Clocks::Aligned).partial;
    assert!(!partial(
        vec![span(0, None, 0, 1), span(1, Some(0), 0, 1)],
        0
    ));
    assert!(partial(vec![span(0, None, 0, 1)], 1));
    assert!(partial(
        vec![span(0, None, 0, 1), span(1, Some(7), 0, 1)],
        0
    ));
    assert!(partial(vec![span(0, Some(0), 0, 1)], 0));
}

#[test]
fn own_time_is_what_no_child_covers() {
    let trace = assemble(
        trace_id(),
        vec![
            span(0, None, 0, 100),
            span(1, Some(0), 10, 30),
            span(2, Some(0), 20, 50),
            span(3, Some(0), 90, 140),
            span(4, Some(0), -20, 5),
        ],
        0,
        Clocks::Aligned,
    );
    let root = trace.spans.iter().find(|span| &*span.name == "0").unwrap();
    assert_eq!(root.self_time, Duration::from_nanos(100 - 40 - 10 - 5));
}

#[test]
fn a_call_that_a_service_of_ours_answered_is_internal() {
    let mut outside = span(1, Some(0), 1, 2);
    outside.call = call(CallCategory::Http);
    let mut inside = span(2, Some(0), 3, 8);
    inside.call = call(CallCategory::Rpc);
    let mut answering = span(3, Some(2), 4, 7);
    answering.resource = service("b");
    let trace = assemble(
        trace_id(),
        vec![span(0, None, 0, 10), outside, inside, answering],
        0,
        Clocks::Aligned,
    );
    let categories: Vec<_> = trace.spans.iter().map(|span| span.category).collect();
    use SelfTimeCategory::{Code, External, Internal};
    assert_eq!(categories, [Code, External, Internal, Code]);
    assert_eq!(
        critical_time_by_category(&trace),
        [(Code, 7), (External, 1), (Internal, 2)].map(|(c, n)| (c, Duration::from_nanos(n)))
    );
}

#[test]
fn time_in_a_queue_counts_as_messaging() {
    let mut producer = span(1, Some(0), 2, 3);
    producer.call = call(CallCategory::Messaging);
    let mut consumer = span(2, Some(1), 15, 20);
    consumer.kind = SpanKind::Consumer;
    let trace = assemble(
        trace_id(),
        vec![span(0, None, 0, 10), producer, consumer],
        0,
        Clocks::Aligned,
    );
    use SelfTimeCategory::{Code, Messaging};
    assert_eq!(
        critical_time_by_category(&trace),
        [(Code, 9 + 5), (Messaging, 1 + 5)].map(|(c, n)| (c, Duration::from_nanos(n)))
    );
}

#[test]
fn long_chains_and_large_crowds_end() {
    let chain = (0..100_000).map(|id| span(id, id.checked_sub(1), id as i64, 300_000 - id as i64));
    let trace = assemble(trace_id(), chain.collect(), 0, Clocks::Aligned);
    assert_eq!(trace.spans.last().unwrap().depth, 99_999);
    let crowd = (0..200_000_u64).map(|id| {
        span(
            id,
            (id > 0).then_some(0),
            id as i64 % 1000,
            id as i64 % 1000 + 2000,
        )
    });
    let trace = assemble(trace_id(), crowd.collect(), 0, Clocks::Aligned);
    assert_eq!(trace.spans.len(), 200_000);
    assert_sums(&trace);
}

/// A call from host a to host b as `(client start, end), (server start, end)`, in milliseconds.
fn call_between(client: (i64, i64), server: (i64, i64)) -> Vec<Span> {
    let ms = |at: i64| at * 1_000_000;
    let mut calling = span(1, Some(0), ms(client.0), ms(client.1));
    calling.kind = SpanKind::Client;
    let mut serving = span(2, Some(1), ms(server.0), ms(server.1));
    serving.kind = SpanKind::Server;
    serving.resource = service("b");
    let mut inner = span(3, Some(2), ms(server.0), ms(server.1));
    inner.resource = service("b");
    vec![span(0, None, 0, ms(1_000)), calling, serving, inner]
}

/// How many milliseconds host b was moved.
fn moved(spans: Vec<Span>) -> i64 {
    let trace = assemble(trace_id(), spans, 0, Clocks::Aligned);
    let skew = trace.skews.first();
    let in_b = trace
        .spans
        .iter()
        .filter(|span| &*span.resource.service == "b");
    for span in in_b {
        assert_eq!(trace.moved_ns(span), skew.map_or(0, |skew| skew.moved_ns));
    }
    skew.map_or(0, |skew| skew.moved_ns / 1_000_000)
}

#[test]
fn a_clock_is_moved_only_when_cause_and_effect_say_so() {
    let client = (100, 200);
    // Within the bounds, also exactly at them.
    assert_eq!(moved(call_between(client, (120, 180))), 0);
    assert_eq!(moved(call_between(client, (100, 200))), 0);
    // A clock behind and a clock ahead: moved to the middle of the bounds.
    assert_eq!(moved(call_between(client, (50, 110))), 70);
    assert_eq!(moved(call_between(client, (5_120, 5_180))), -5_000);
    // The server ends after the answer by less than the resolution of an agent's clock.
    let mut spans = call_between(client, (120, 180));
    spans[2].end = UnixNanos(200_900_000);
    assert_eq!(moved(spans), 0);
}

#[test]
fn work_that_outlives_its_call_does_not_move_a_clock() {
    // Longer than its call: the server continued after answering.
    assert_eq!(moved(call_between((100, 200), (120, 400))), 0);
    // The caller gave up before the answer.
    let mut gave_up = call_between((100, 200), (120, 210));
    gave_up[1].status = SpanStatus::Error;
    assert_eq!(moved(gave_up), 0);
    // A message is handled after it was sent, never before.
    let message = |server| {
        let mut spans = call_between((100, 200), server);
        spans[1].kind = SpanKind::Producer;
        spans[2].kind = SpanKind::Consumer;
        spans
    };
    assert_eq!(moved(message((500, 600))), 0);
    assert_eq!(moved(message((70, 90))), 30);
}

#[test]
fn all_calls_of_a_host_bound_its_clock_together() {
    let mut spans = call_between((100, 200), (50, 110));
    // A second call, nearly as long as its client span: host b is 52 to 54 ms behind.
    let mut calling = span(4, Some(0), 300_000_000, 402_000_000);
    calling.kind = SpanKind::Client;
    let mut serving = span(5, Some(4), 248_000_000, 348_000_000);
    serving.kind = SpanKind::Server;
    serving.resource = service("b");
    spans.extend([calling, serving]);
    assert_eq!(moved(spans), 53);
}

#[test]
fn a_host_behind_a_moved_host_is_placed_by_its_new_time() {
    let ms = |at: i64| at * 1_000_000;
    let mut spans = call_between((100, 200), (1_100, 1_200));
    let mut calling = span(6, Some(2), ms(1_120), ms(1_180));
    calling.kind = SpanKind::Client;
    calling.resource = service("b");
    let mut serving = span(7, Some(6), ms(130), ms(170));
    serving.kind = SpanKind::Server;
    serving.resource = service("c");
    spans.extend([calling, serving]);
    let trace = assemble(trace_id(), spans, 0, Clocks::Aligned);
    let hosts: Vec<_> = trace
        .skews
        .iter()
        .map(|skew| (&*skew.host, skew.moved_ns))
        .collect();
    assert_eq!(hosts, [("b", -ms(1_000))]);
}

#[test]
fn as_sent_nothing_is_moved() {
    let spans = call_between((100, 200), (50, 110));
    let trace = assemble(trace_id(), spans.clone(), 0, Clocks::AsSent);
    assert_eq!(trace.skews, []);
    let sent: HashSet<_> = spans
        .iter()
        .map(|span| (span.span_id, span.start))
        .collect();
    let shown: HashSet<_> = trace
        .spans
        .iter()
        .map(|span| (span.span_id, span.start))
        .collect();
    assert_eq!(shown, sent);
}

fn assert_sums(trace: &Trace) {
    let total: Duration = critical_time_by_category(trace)
        .iter()
        .map(|part| part.1)
        .sum();
    assert_eq!(total, trace.end.since(trace.start));
    let by_span = critical_time(trace);
    assert_eq!(
        by_span.iter().map(|part| part.time).sum::<Duration>(),
        total
    );
}

proptest! {
    #[test]
    fn every_span_once_below_its_parent_and_every_instant_once(
        spans in prop::collection::vec((0_u64..40, prop::option::of(0_u64..44), -50_i64..50, 0_i64..60), 0..60),
        hosts in prop::collection::vec(0..4, 1..60),
    ) {
        let given_once: HashSet<_> = spans.iter().map(|span| (span_id(span.0), UnixNanos(span.2))).collect();
        let given = spans.iter().map(|(id, parent, start, length)| span(*id, *parent, *start, start + length));
        let given = given.zip(hosts.iter().cycle()).map(|(mut span, host)| {
            span.resource = service(&format!("host {host}"));
            span
        });
        let given: Vec<Span> = given.collect();
        let as_sent = assemble(trace_id(), given.clone(), 0, Clocks::AsSent);
        let shown: HashSet<_> = as_sent.spans.iter().map(|span| (span.span_id, span.start)).collect();
        prop_assert_eq!(shown, given_once);
        let trace = assemble(trace_id(), given, 0, Clocks::Aligned);
        prop_assert_eq!(trace.spans.len(), as_sent.spans.len());
        let addresses: HashSet<_> = trace.spans.iter().map(TraceSpan::address).collect();
        prop_assert_eq!(addresses.len(), trace.spans.len());
        for (index, span) in trace.spans.iter().enumerate() {
            match span.parent {
                Some(parent) => {
                    prop_assert!(parent < index);
                    prop_assert_eq!(span.depth, trace.spans[parent].depth + 1);
                }
                None => prop_assert_eq!(span.depth, 0),
            }
            prop_assert!(span.self_time <= span.duration);
        }
        assert_sums(&trace);
    }
}
