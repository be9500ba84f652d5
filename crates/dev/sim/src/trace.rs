//! Makes one trace: walks the steps of an operation, applies the active faults, and records the
//! spans.

mod calls;

use std::sync::Arc;

use crate::{
    attributes::{Attributes, grpc_code, number},
    dice::{Dice, SECOND, ms},
    exception::{self, Exception},
    fault::Weather,
    operation::{Entry, Operation, Step, Topic},
    release::ReleasePlan,
    service::{Language, Service},
    span::{Scope, SimSpan, SimTrace, SpanKind, Value},
};

/// Latest end of a span after the start of its trace.
pub const MAX_TRACE_NS: i64 = 120 * SECOND;

/// The result of a step or an operation.
#[derive(Clone, Copy)]
enum Answer {
    Fine,
    /// A 4xx status: the caller is to blame, and it is no error of the service.
    Refused(u16),
    /// A 5xx status, with the exception if it was thrown in this process.
    Failed(u16, Option<&'static Exception>),
}

impl Answer {
    fn status(self) -> u16 {
        match self {
            Self::Fine => 200,
            Self::Refused(status) | Self::Failed(status, _) => status,
        }
    }

    fn failed(self) -> bool {
        matches!(self, Self::Failed(..))
    }
}

/// Where in the trace a step runs.
#[derive(Clone, Copy)]
struct Place {
    service: &'static Service,
    instance: u32,
    span_id: [u8; 8],
    /// Factor on the time of own code.
    drag: i64,
}

/// A message that has not been read yet.
struct Waiting {
    topic: &'static Topic,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    at: i64,
}

pub(crate) struct TraceBuilder<'a> {
    dice: Dice,
    plan: &'a ReleasePlan,
    weather: Weather<'a>,
    trace_id: [u8; 16],
    /// Chooses card network and bank, the same ones for the whole trace.
    lane: usize,
    /// Factor on durations in the whole trace: some requests are heavier than others.
    heft: f64,
    order: Arc<str>,
    spans: Vec<SimSpan>,
    waiting: Vec<Waiting>,
}

impl<'a> TraceBuilder<'a> {
    /// Builds the trace of `operation`, requested at `start`.
    pub(crate) fn build(
        mut dice: Dice,
        plan: &'a ReleasePlan,
        weather: Weather<'a>,
        operation: &'static Operation,
        start: i64,
    ) -> SimTrace {
        let trace_id = dice.trace_id();
        let lane = dice.below(1 << 16) as usize;
        let order = number("ord-", dice.below(100_000)).into();
        let heft = dice.factor(0.32);
        let spans = Vec::with_capacity(16);
        let waiting = Vec::new();
        let mut builder = Self {
            dice,
            plan,
            weather,
            trace_id,
            lane,
            heft,
            order,
            spans,
            waiting,
        };
        builder.serve(operation, None, None, start);
        builder.deliver();
        SimTrace {
            trace_id,
            start_unix_ns: start,
            spans: builder.spans,
        }
    }

    /// Makes the entry span of an operation and everything below it. Returns its end and its
    /// result.
    fn serve(
        &mut self,
        operation: &'static Operation,
        parent_span_id: Option<[u8; 8]>,
        link: Option<([u8; 16], [u8; 8])>,
        start: i64,
    ) -> (i64, Answer) {
        let service = operation.service;
        let ordinal = self.dice.below(service.instances);
        let met = self.plan.meet(service, ordinal, start);
        let sick = self.weather.sick(service, ordinal, start);
        let load = self.weather.load(service, start);
        let slow = met.slow.is_some_and(|slow| std::ptr::eq(slow, operation));
        let times = |yes: bool, factor: i64| if yes { factor } else { 1 };
        let drag = times(sick, 60) * times(slow, 4) + (load * 6.0) as i64;
        let place = Place {
            service,
            instance: met.index,
            span_id: self.dice.span_id(),
            drag,
        };

        let mut cursor = start;
        if load > 0.0 {
            cursor += (self.dice.take(ms(900.0, 0.75)) as f64 * load) as i64;
        }
        if service.language == Language::Java && self.dice.chance(0.0015) {
            cursor += self.dice.take(ms(420.0, 0.7)); // A collector's pause, or a wait for the pool.
        }
        let (stop, mut answer) = self.fate(operation, sick, load, start);
        for step in &operation.steps[..stop] {
            cursor += self.own(operation, place);
            let (end, step_answer) = self.step(step, place, cursor);
            cursor = end;
            if !matches!(step_answer, Answer::Fine) {
                answer = step_answer;
                break;
            }
        }
        let end = cursor + self.own(operation, place);

        let thrown = match answer {
            Answer::Failed(_, Some(thrown)) => (service.language != Language::Go).then_some(thrown),
            Answer::Failed(status, None) => exception::upstream(service.language, status == 504),
            Answer::Fine | Answer::Refused(_) => None,
        };
        let attributes = self.entry_attributes(operation, answer.status());
        let (kind, scope) = match operation.entry {
            Entry::Http(_) => (SpanKind::Server, Scope::HttpServer),
            Entry::Rpc(_) => (SpanKind::Server, Scope::Rpc),
            Entry::Message(..) => (SpanKind::Consumer, Scope::Messaging),
            Entry::Job(_) => (SpanKind::Internal, Scope::Code),
        };
        self.spans.push(SimSpan {
            trace_id: self.trace_id,
            span_id: place.span_id,
            parent_span_id,
            name: operation.entry.name(),
            kind,
            start_unix_ns: start,
            end_unix_ns: end,
            attributes: attributes.0,
            link,
            failed: answer.failed(),
            exception: thrown,
            instance: met.index,
            scope,
            remote_parent: parent_span_id.is_some(),
        });
        // The caller sees the status, but not the exception thrown here.
        (
            end,
            if let Answer::Failed(status, _) = answer {
                Answer::Failed(status, None)
            } else {
                answer
            },
        )
    }

    /// After how many steps an operation stops by itself, and with which result.
    fn fate(
        &mut self,
        operation: &'static Operation,
        sick: bool,
        load: f64,
        at: i64,
    ) -> (usize, Answer) {
        let steps = operation.steps.len();
        if load > 0.55 && self.dice.chance(0.16) {
            return (0, Answer::Failed(503, Some(&exception::REJECTED)));
        }
        if let Some(thrown) = self.weather.throws(operation, at)
            && self.dice.chance(0.45)
        {
            return (steps.min(1), Answer::Failed(500, Some(thrown)));
        }
        let fails = operation.fails + if sick { 0.45 } else { 0.0 };
        if self.dice.chance(fails) {
            let stop = self.dice.below(steps as u32 + 1) as usize;
            return (stop, Answer::Failed(500, Some(operation.exception)));
        }
        for refusal in operation.refusals {
            if self.dice.chance(refusal.share) {
                // The card network declines cards, so the step that asks it has run.
                let stop = if refusal.status == 402 { 3 } else { 1 };
                return (steps.min(stop), Answer::Refused(refusal.status));
            }
        }
        (steps, Answer::Fine)
    }

    fn step(&mut self, step: &'static Step, place: Place, at: i64) -> (i64, Answer) {
        match step {
            Step::Sql(statement) => self.sql(statement, place, at),
            Step::Cache(command) => (self.cache(command, place, at), Answer::Fine),
            Step::Partner(call) => self.partner(call, place, at),
            Step::Call(operation) => self.call(operation, place, at),
            Step::Publish(topic) => (self.publish(topic, place, at), Answer::Fine),
            Step::Sometimes(share, step) => {
                if self.dice.chance(*share) {
                    self.step(step, place, at)
                } else {
                    (at, Answer::Fine)
                }
            }
            Step::OneOf(steps) => self.step(&steps[self.lane % steps.len()], place, at),
            Step::Repeat(least, most, step) => {
                let times = least + self.dice.below(most - least + 1);
                let mut cursor = at;
                for _ in 0..times {
                    let (end, answer) = self.step(step, place, cursor);
                    cursor = end + self.dice.between(20_000, 90_000);
                    if !matches!(answer, Answer::Fine) {
                        return (cursor, answer);
                    }
                }
                (cursor, Answer::Fine)
            }
            Step::Together(steps) => {
                let mut last = (at, Answer::Fine);
                for (nth, step) in steps.iter().enumerate() {
                    let (end, answer) = self.step(step, place, at + nth as i64 * 40_000);
                    last.0 = last.0.max(end);
                    if !matches!(answer, Answer::Fine) {
                        last.1 = answer;
                    }
                }
                last
            }
            Step::Within(name, steps) => self.within(name, steps, place, at),
        }
    }

    fn within(
        &mut self,
        name: &'static str,
        steps: &'static [Step],
        place: Place,
        at: i64,
    ) -> (i64, Answer) {
        let inner = Place {
            span_id: self.dice.span_id(),
            ..place
        };
        let mut cursor = at;
        let mut answer = Answer::Fine;
        for step in steps {
            cursor += self.dice.take(ms(0.2, 0.4)) * place.drag;
            (cursor, answer) = self.step(step, inner, cursor);
            if !matches!(answer, Answer::Fine) {
                break;
            }
        }
        // Without steps, all of the time is computation.
        cursor += self.dice.take(if steps.is_empty() {
            ms(5.0, 0.5)
        } else {
            ms(0.2, 0.4)
        }) * place.drag;
        let mut attributes = Attributes::new();
        attributes.text("code.function.name", name);
        let span = self.client(
            place,
            inner.span_id,
            name,
            (SpanKind::Internal, Scope::Code),
            (at, cursor),
            attributes,
        );
        span.failed = answer.failed();
        (cursor, answer)
    }

    /// Lets the consumers read what was published.
    fn deliver(&mut self) {
        while let Some(message) = self.waiting.pop() {
            let start = message.at + self.dice.take(message.topic.lag);
            let link = Some((message.trace_id, message.span_id));
            let parent = if message.topic.own_trace {
                self.trace_id = self.dice.trace_id();
                None
            } else {
                self.trace_id = message.trace_id;
                Some(message.span_id)
            };
            self.serve(message.topic.consumer, parent, link, start);
        }
    }

    fn own(&mut self, operation: &Operation, place: Place) -> i64 {
        (self.dice.take(operation.own) as f64 * self.heft) as i64 * place.drag
    }

    fn entry_attributes(&mut self, operation: &'static Operation, status: u16) -> Attributes {
        let mut attributes = Attributes::new();
        let service = operation.service;
        match operation.entry {
            Entry::Http(name) => {
                let path = self.path(name);
                attributes.http_server(service, name, path, status, &mut self.dice);
            }
            Entry::Rpc(name) => attributes.rpc(service, name, None, grpc_code(status)),
            Entry::Message(_, topic) => attributes.process(service, topic),
            Entry::Job(name) => attributes.text("code.function.name", name),
        }
        if matches!(service.name, "checkout" | "payment") {
            const NETWORKS: [&str; 4] = ["amberline", "northcard", "amberline", "hane"];
            attributes.put("app.order.id", Value::Shared(Arc::clone(&self.order)));
            attributes.text("app.card.network", NETWORKS[self.lane % 4]);
        }
        attributes
    }

    /// The path of a request to a route, with an id in place of the route's parameter.
    fn path(&mut self, name: &'static str) -> Value {
        let route = name.split_once(' ').map_or(name, |(_, route)| route);
        let Some((before, after)) = route.split_once('{') else {
            return Value::Static(route);
        };
        let mut path = number(before, self.dice.below(100_000));
        path.push_str(after.split_once('}').map_or("", |(_, rest)| rest));
        Value::Owned(path)
    }
}
