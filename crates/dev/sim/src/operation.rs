//! Operations: what a service does when asked, as a list of steps.

use crate::{
    dice::Latency,
    exception::Exception,
    partner::PartnerCall,
    service::Service,
    store::{Command, Statement, Topic},
};

/// One operation of one service.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) service: &'static Service,
    pub(crate) entry: Entry,
    /// Own code before, between and after the steps, each.
    pub(crate) own: Latency,
    pub(crate) steps: &'static [Step],
    /// 4xx answers and how often.
    pub(crate) refusals: &'static [Refusal],
    /// What it throws when it fails of itself.
    pub(crate) exception: &'static Exception,
    /// How often it does, on a quiet day.
    pub(crate) fails: f32,
}

/// How an operation is asked for.
#[derive(Debug)]
pub(crate) enum Entry {
    /// `METHOD route`.
    Http(&'static str),
    /// `package.Service/Method` over gRPC.
    Rpc(&'static str),
    /// Reads a topic: span name, topic.
    Message(&'static str, &'static str),
    /// Runs by itself: a root span of kind INTERNAL.
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

/// Part of an operation.
#[derive(Debug)]
pub(crate) enum Step {
    Sql(&'static Statement),
    Cache(&'static Command),
    Partner(&'static PartnerCall),
    Call(&'static Operation),
    Publish(&'static Topic),
    /// So many times in a row: the N+1 pattern.
    Repeat(u32, u32, &'static Step),
    /// With this probability.
    Sometimes(f32, &'static Step),
    /// Which one follows from the trace: a card network, a bank.
    OneOf(&'static [Step]),
    /// At the same time; done when the last is.
    Together(&'static [Step]),
    /// Under an INTERNAL span of this name.
    Within(&'static str, &'static [Step]),
}
