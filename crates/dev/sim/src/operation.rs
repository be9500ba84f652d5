//! Operations: what a service does for a request, as a list of steps.

use crate::{
    dice::Latency,
    exception::Exception,
    partner::PartnerCall,
    service::Service,
    store::{Command, Statement},
};

/// One operation of one service.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) service: &'static Service,
    pub(crate) entry: Entry,
    /// Time of own code before, between and after the steps; drawn each time.
    pub(crate) own: Latency,
    pub(crate) steps: &'static [Step],
    /// The 4xx answers, with their shares.
    pub(crate) refusals: &'static [Refusal],
    /// The exception of a failure that is its own.
    pub(crate) exception: &'static Exception,
    /// Probability of such a failure without any fault.
    pub(crate) fails: f32,
}

/// How an operation is started.
#[derive(Debug)]
pub(crate) enum Entry {
    /// `METHOD route`.
    Http(&'static str),
    /// `package.Service/Method` over gRPC.
    Rpc(&'static str),
    /// A message from a topic: span name, topic.
    Message(&'static str, &'static str),
    /// Starts by itself: a root span of kind INTERNAL.
    Job(&'static str),
}

impl Entry {
    /// The name of the entry span.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Http(name) | Self::Rpc(name) | Self::Message(name, _) | Self::Job(name) => name,
        }
    }
}

/// An answer that blames the caller.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) share: f32,
}

/// A step of an operation.
#[derive(Debug)]
pub(crate) enum Step {
    Sql(&'static Statement),
    Cache(&'static Command),
    Partner(&'static PartnerCall),
    Call(&'static Operation),
    Publish(&'static Topic),
    /// Repeats a step a random number of times in the given range: the N+1 pattern.
    Repeat(u32, u32, &'static Step),
    /// Runs a step with this probability.
    Sometimes(f32, &'static Step),
    /// Runs one of the steps. The trace decides which one: a card network, a bank.
    OneOf(&'static [Step]),
    /// Runs the steps in parallel and ends when the last one ends.
    Together(&'static [Step]),
    /// Runs the steps below an INTERNAL span of this name.
    Within(&'static str, &'static [Step]),
}

/// A topic of the message broker, with its consumer.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    /// Name of the producer's span.
    pub(crate) publish: &'static str,
    pub(crate) consumer: &'static Operation,
    /// Whether the consumer starts its own trace and only links to the producer.
    pub(crate) own_trace: bool,
    /// How long a message waits before it is read.
    pub(crate) lag: Latency,
}
