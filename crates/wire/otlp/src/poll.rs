//! Polls: calls that a library makes on its own to wait for work. They are no requests that the
//! service answered.

use crate::{database, sent::Sent};
use hinomi_model::{
    SpanKind,
    attribute::{self, Keys},
};

/// Commands of Redis that wait for an element.
const WAITING_COMMANDS: [&str; 11] = [
    "BRPOP",
    "BLPOP",
    "BLMOVE",
    "BLMPOP",
    "BRPOPLPUSH",
    "BZPOPMIN",
    "BZPOPMAX",
    "BZMPOP",
    "XREAD",
    "XREADGROUP",
    "SUBSCRIBE",
];

/// Methods of AWS that wait for messages or records.
const WAITING_METHODS: [&str; 3] = ["ReceiveMessage", "GetRecords", "SubscribeToShard"];

const AWS_METHOD: Keys = &["aws.operation", "rpc.method"];

/// Whether a span without a parent is a poll.
pub(crate) fn is_poll(sent: &Sent<'_>) -> bool {
    if sent.kind != SpanKind::Client {
        return false;
    }
    let attributes = sent.attributes;
    if attributes.text(attribute::MESSAGING_OPERATION) == Some("receive") {
        return true;
    }
    if let Some(system) = database::system(sent)
        && database::is_cache(system)
    {
        let command = database::command(sent);
        return WAITING_COMMANDS.contains(&&*command);
    }
    let is_of_aws = attributes
        .text(attribute::RPC_SYSTEM)
        .is_some_and(|system| system.starts_with("aws"));
    let method = attributes.text(AWS_METHOD).unwrap_or_default();
    let method = method.rsplit(['/', '.']).next().unwrap_or_default();
    is_of_aws && WAITING_METHODS.contains(&method)
}
