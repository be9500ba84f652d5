//! Tests the order of queries step by step.

use super::*;
use QuestionKind::{Export, Own, Page, Search};

const LIMITS: TurnLimits = TurnLimits {
    prompt: 2,
    scans: 2,
    waiting: 4,
};

/// Turns with a label per query.
struct Desk {
    turns: Turns<&'static str>,
    running: Vec<(u64, &'static str)>,
}

impl Desk {
    fn new(limits: TurnLimits) -> Self {
        Self {
            turns: Turns::new(limits),
            running: Vec::new(),
        }
    }

    /// Asks; returns the label of a query that was refused instead, or "full".
    fn ask(&mut self, kind: QuestionKind, name: &str, label: &'static str) -> Option<&'static str> {
        match self.turns.enter(kind, &name.into(), label) {
            Ok((_, refused)) => refused,
            Err(QueueFull) => Some("full"),
        }
    }

    /// Starts everything that may run. Returns the labels in order.
    fn start(&mut self) -> Vec<&'static str> {
        let started: Vec<_> = std::iter::from_fn(|| self.turns.start()).collect();
        self.running.extend(&started);
        started.into_iter().map(|(_, label)| label).collect()
    }

    /// Ends a running query and starts everything that may run then.
    fn end(&mut self, label: &str) -> Vec<&'static str> {
        let at = self.running.iter().position(|(_, have)| *have == label);
        let (id, _) = self.running.remove(at.expect("it runs"));
        self.turns.end(id);
        self.start()
    }
}

#[test]
fn a_page_starts_at_once_however_many_searches_there_are() {
    let mut desk = Desk::new(LIMITS);
    for label in ["s1", "s2", "s3", "s4"] {
        assert_eq!(desk.ask(Search, "a", label), None);
    }
    assert_eq!(desk.start(), ["s1"], "one slot for scans is left to others");
    desk.ask(Page, "a", "p1");
    desk.ask(Page, "a", "p2");
    desk.ask(Page, "a", "p3");
    assert_eq!(desk.start(), ["p1", "p2"]);
    desk.ask(Search, "b", "b1");
    assert_eq!(desk.start(), ["b1"]);
    assert_eq!(desk.end("p2"), ["p3"]);
    assert_eq!(desk.end("s1"), ["s2"]);
}

#[test]
fn askers_take_turns() {
    let limits = TurnLimits {
        prompt: 1,
        ..LIMITS
    };
    let mut desk = Desk::new(limits);
    for label in ["a1", "a2", "a3"] {
        desk.ask(Page, "a", label);
    }
    desk.ask(Page, "b", "b1");
    assert_eq!(desk.start(), ["a1"]);
    assert_eq!(desk.end("a1"), ["b1"]);
    desk.ask(Page, "c", "c1");
    desk.ask(Page, "b", "b2");
    let order = ["b1", "a2", "c1", "b2"].map(|label| desk.end(label));
    assert_eq!(order, [["a2"], ["c1"], ["b2"], ["a3"]]);
}

#[test]
fn a_full_queue_has_room_for_whoever_has_least_in_it() {
    let mut desk = Desk::new(TurnLimits { scans: 0, ..LIMITS });
    for label in ["a1", "a2", "a3", "a4"] {
        assert_eq!(desk.ask(Search, "a", label), None);
    }
    assert_eq!(desk.ask(Search, "a", "a5"), Some("full"));
    assert_eq!(desk.ask(Search, "b", "b1"), Some("a4"));
    assert_eq!(desk.ask(Search, "c", "c1"), Some("a3"));
    assert_eq!(
        desk.ask(Search, "b", "b2"),
        Some("full"),
        "it would have as many"
    );
    assert_eq!(
        desk.ask(Page, "a", "p1"),
        None,
        "kinds have queues of their own"
    );
    assert_eq!(desk.turns.waiting(Search), 4);
}

#[test]
fn searches_go_before_exports_and_exports_still_come_to_their_turn() {
    let limits = TurnLimits {
        scans: 1,
        waiting: 20,
        ..LIMITS
    };
    let mut desk = Desk::new(limits);
    desk.ask(Export, "a", "x1");
    desk.ask(Export, "a", "x2");
    for label in ["s1", "s2", "s3", "s4", "s5", "s6"] {
        desk.ask(Search, "b", label);
    }
    let mut order = desk.start();
    while let Some(last) = order.last().copied().filter(|_| !desk.running.is_empty()) {
        order.extend(desk.end(last));
    }
    assert_eq!(order, ["s1", "s2", "s3", "s4", "x1", "s5", "s6", "x2"]);
}

#[test]
fn exports_leave_a_slot_to_searches() {
    let mut desk = Desk::new(LIMITS);
    desk.ask(Export, "a", "x1");
    desk.ask(Export, "b", "x2");
    assert_eq!(desk.start(), ["x1"]);
    desk.ask(Search, "c", "s1");
    assert_eq!(desk.start(), ["s1"]);
}

#[test]
fn own_questions_go_before_pages() {
    let limits = TurnLimits {
        prompt: 1,
        ..LIMITS
    };
    let mut desk = Desk::new(limits);
    desk.ask(Page, "a", "p1");
    desk.ask(Own, "", "o1");
    assert_eq!(desk.start(), ["o1"]);
    assert_eq!(desk.end("o1"), ["p1"]);
}

#[test]
fn a_question_that_nobody_waits_for_leaves_the_queue() {
    let mut desk = Desk::new(TurnLimits {
        prompt: 1,
        waiting: 2,
        ..LIMITS
    });
    desk.ask(Page, "a", "a1");
    desk.start();
    let (gone, _) = desk.turns.enter(Page, &"a".into(), "gone").unwrap();
    desk.ask(Page, "b", "b1");
    desk.turns.end(gone);
    assert_eq!(desk.turns.waiting(Page), 1);
    assert_eq!(desk.ask(Page, "b", "b2"), None, "its place is free");
    assert_eq!(desk.end("a1"), ["b1"]);
    assert_eq!(desk.end("b1"), ["b2"]);
    assert!(desk.end("b2").is_empty());
    assert_eq!(
        QuestionKind::ALL.map(|kind| desk.turns.running(kind)),
        [0; 4]
    );
}
