//! The calls of an operation: to databases, the cache, partners, other services and topics.

use super::{Answer, Place, TraceBuilder, Waiting};
use crate::{
    attributes::{Attributes, Ended, grpc_code},
    dice::{MS, ms},
    exception::{GO_INTERNAL, PARTNER_503, PARTNER_TIMEOUT, SERIALIZATION},
    operation::{Entry, Operation, Topic},
    partner::{CLIENT_TIMEOUT_NS, PartnerCall, TIMER_SLACK_NS},
    service::Language,
    span::{Scope, SimSpan, SpanKind},
    store::{Command, Statement},
};

impl TraceBuilder<'_> {
    pub(super) fn sql(
        &mut self,
        statement: &'static Statement,
        place: Place,
        at: i64,
    ) -> (i64, Answer) {
        let usual = (self.dice.take(statement.latency) as f64 * self.heft) as i64;
        let mut end = at + usual * self.weather.slowness(statement, at);
        let mut failed = false;
        if let Some(released) = self.weather.released(statement, at)
            && self.dice.chance(0.8)
        {
            end = end.max(released + self.dice.between(2 * MS, 350 * MS));
            // Waiting transactions that read an older snapshot fail as soon as the holder commits.
            failed = self.dice.chance(0.12);
        }
        let mut attributes = Attributes::new();
        attributes.sql(place.service, statement, failed, &mut self.dice);
        let name = match place.service.language {
            Language::Python => statement.verb_and_table().0,
            _ => statement.summary,
        };
        let id = self.dice.span_id();
        let span = self.client(
            place,
            id,
            name,
            (SpanKind::Client, Scope::Sql),
            (at, end),
            attributes,
        );
        if failed {
            span.failed = true;
            span.exception = Some(&SERIALIZATION);
            return (end, Answer::Failed(500, Some(&SERIALIZATION)));
        }
        (end, Answer::Fine)
    }

    pub(super) fn cache(&mut self, command: &'static Command, place: Place, at: i64) -> i64 {
        let end = at + self.dice.take(command.latency);
        let mut attributes = Attributes::new();
        attributes.cache(place.service, command);
        let id = self.dice.span_id();
        self.client(
            place,
            id,
            command.verb,
            (SpanKind::Client, Scope::Cache),
            (at, end),
            attributes,
        );
        end
    }

    pub(super) fn partner(
        &mut self,
        call: &'static PartnerCall,
        place: Place,
        at: i64,
    ) -> (i64, Answer) {
        if self.weather.silent(call.partner, at) && self.dice.chance(0.6) {
            let end = at + CLIENT_TIMEOUT_NS + self.dice.between(0, TIMER_SLACK_NS);
            let span = self.partner_span(call, place, (at, end), Ended::TimedOut, 0);
            span.failed = true;
            span.exception = (place.service.language == Language::Java).then_some(&PARTNER_TIMEOUT);
            return (end, Answer::Failed(504, Some(&PARTNER_TIMEOUT)));
        }
        let mut cursor = at;
        for attempt in 0..2 {
            // A tail beyond the client's timeout would be a timeout, and only the fault may cause
            // those.
            let took = self
                .dice
                .take(call.latency)
                .min(CLIENT_TIMEOUT_NS - 200 * MS);
            let end = cursor + took;
            if !self
                .dice
                .chance(call.refuses * if attempt == 0 { 1.0 } else { 12.0 })
            {
                self.partner_span(call, place, (cursor, end), Ended::Status(200), attempt);
                return (end, Answer::Fine);
            }
            self.partner_span(call, place, (cursor, end), Ended::Status(503), attempt)
                .failed = true;
            cursor = end
                + if attempt == 0 {
                    self.dice.between(40 * MS, 120 * MS)
                } else {
                    0
                };
        }
        let thrown = match place.service.language {
            Language::Java => Some(&PARTNER_503),
            Language::Go => Some(&GO_INTERNAL),
            _ => None,
        };
        (cursor, Answer::Failed(502, thrown))
    }

    fn partner_span(
        &mut self,
        call: &'static PartnerCall,
        place: Place,
        times: (i64, i64),
        ended: Ended,
        resend: i64,
    ) -> &mut SimSpan {
        let mut attributes = Attributes::new();
        attributes.partner_call(
            place.service,
            call.method,
            call.url,
            call.partner.host,
            ended,
        );
        if resend > 0 {
            attributes.int("http.request.resend_count", resend);
        }
        let id = self.dice.span_id();
        self.client(
            place,
            id,
            call.method,
            (SpanKind::Client, Scope::HttpClient),
            times,
            attributes,
        )
    }

    /// A call to another service: the client's span with the server's span in it.
    pub(super) fn call(
        &mut self,
        callee: &'static Operation,
        place: Place,
        at: i64,
    ) -> (i64, Answer) {
        let id = self.dice.span_id();
        let there = self.dice.between(120_000, 450_000);
        let (served, answer) = self.serve(callee, Some(id), None, at + there);
        let end = served + self.dice.between(120_000, 450_000);
        let status = answer.status();
        let mut attributes = Attributes::new();
        let entry = callee.entry.name();
        let (name, scope) = if let Entry::Rpc(_) = callee.entry {
            attributes.rpc(
                place.service,
                entry,
                Some(callee.service),
                grpc_code(status),
            );
            (entry, Scope::Rpc)
        } else {
            attributes.http_call(place.service, callee, Ended::Status(status));
            (
                entry.split_once(' ').map_or(entry, |(method, _)| method),
                Scope::HttpClient,
            )
        };
        let span = self.client(
            place,
            id,
            name,
            (SpanKind::Client, scope),
            (at, end),
            attributes,
        );
        span.failed = status >= 400;
        (end, answer)
    }

    pub(super) fn publish(&mut self, topic: &'static Topic, place: Place, at: i64) -> i64 {
        let end = at + self.dice.take(ms(1.6, 0.4));
        let span_id = self.dice.span_id();
        let mut attributes = Attributes::new();
        attributes.publish(place.service, topic);
        let what = (SpanKind::Producer, Scope::Messaging);
        self.client(place, span_id, topic.publish, what, (at, end), attributes);
        self.waiting.push(Waiting {
            topic,
            trace_id: self.trace_id,
            span_id,
            at: end,
        });
        end
    }

    /// A span under `place`. It succeeds unless the caller changes that.
    pub(super) fn client(
        &mut self,
        place: Place,
        span_id: [u8; 8],
        name: &'static str,
        (kind, scope): (SpanKind, Scope),
        (start_unix_ns, end_unix_ns): (i64, i64),
        attributes: Attributes,
    ) -> &mut SimSpan {
        self.spans.push(SimSpan {
            trace_id: self.trace_id,
            span_id,
            parent_span_id: Some(place.span_id),
            name,
            kind,
            start_unix_ns,
            end_unix_ns,
            attributes: attributes.0,
            link: None,
            failed: false,
            exception: None,
            instance: place.instance,
            scope,
            remote_parent: false,
        });
        let last = self.spans.len() - 1;
        &mut self.spans[last]
    }
}
