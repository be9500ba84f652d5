//! Messaging: `process orders`, `send orders`, in the old and the new conventions; and jobs, which
//! come from one queue and are told apart by their class.

use crate::lookup::Attributes;
use hinomi_model::{
    SpanKind,
    attribute::{self, Keys},
};
use std::borrow::Cow;

/// Flags of destinations that exist only for one connection. Their names are identities.
const FLEETING: [Keys; 5] = [
    &["messaging.destination.temporary"],
    &["messaging.destination.anonymous"],
    &["messaging.temp_destination"],
    &["messaging.source.temporary"],
    &["messaging.source.anonymous"],
];

/// Beginnings of names that brokers and libraries give to destinations of one connection.
const FLEETING_PREFIXES: [&str; 12] = [
    "amq.gen-",
    "amq.rabbitmq.reply-to",
    "spring.gen-",
    "_INBOX.",
    "temp-queue:",
    "temp-topic:",
    "queue://ID:",
    "topic://ID:",
    "ID:",
    "#P2P/QTMP/",
    "#P2P/QUE/v:",
    "celeryev.",
];

/// Parts of such names.
const FLEETING_PARTS: [&str; 2] = [".anonymous.", ".celery.pidbox"];

/// What MassTransit puts before the random end of such a name, and the length of that end.
const BUS: (&str, usize) = ("_bus_", 20);

/// What a fleeting destination is called.
const TEMPORARY: &str = "(temporary)";

/// The class of a job, by library.
const JOB: Keys = &[
    "messaging.sidekiq.job_class",
    "messaging.resque.job_class",
    "messaging.delayed_job.name",
    "messaging.active_job.job.class",
    "messaging.message.job_name",
    "messaging.laravel.job.name",
    "bullmq.job.name",
    "celery.task_name",
    "dramatiq.actor_name",
    "rq.job.func_name",
    "huey.task_name",
];

/// Products whose class of a job is the namespace of its code.
const JOBS_BY_CODE: [&str; 4] = ["active_job", "good_job", "que", "delayed_job"];
const CODE_NAMESPACE: Keys = &["code.namespace"];

/// What Celery does with a task: `run`, `apply_async`.
const CELERY_ACTION: Keys = &["celery.action"];

/// Whether the span is a messaging span.
pub(crate) fn is_messaging(attributes: Attributes<'_>) -> bool {
    attributes.text(attribute::MESSAGING_SYSTEM).is_some()
        || attributes.text(attribute::MESSAGING_DESTINATION).is_some()
}

/// The queue or topic.
pub(crate) fn destination(attributes: Attributes<'_>) -> Option<Cow<'_, str>> {
    if FLEETING.into_iter().any(|keys| attributes.flag(keys)) {
        return Some(TEMPORARY.into());
    }
    attributes
        .text(attribute::MESSAGING_DESTINATION)
        .map(steady)
}

/// The operation as `verb destination`, the verb first as in the present convention; of a job as
/// `verb class`, because all jobs of a queue have one destination. The system's name replaces a
/// missing destination.
pub(crate) fn operation(attributes: Attributes<'_>, kind: SpanKind) -> Option<String> {
    let job = job(attributes).map(Cow::Borrowed);
    let to = job.or_else(|| destination(attributes)).or_else(|| {
        attributes
            .text(attribute::MESSAGING_SYSTEM)
            .map(Cow::Borrowed)
    })?;
    let celery = attributes.text(CELERY_ACTION);
    let verb = match attributes.text(attribute::MESSAGING_OPERATION).or(celery) {
        // Verbs of older conventions and of Celery.
        Some("publish" | "apply_async") => "send",
        Some("deliver" | "run") => "process",
        Some(verb) => verb,
        None if matches!(kind, SpanKind::Producer | SpanKind::Client) => "send",
        None => "process",
    };
    Some(format!("{verb} {to}"))
}

fn job<'a>(attributes: Attributes<'a>) -> Option<&'a str> {
    attributes.text(JOB).or_else(|| {
        let system = attributes.text(attribute::MESSAGING_SYSTEM)?;
        JOBS_BY_CODE
            .contains(&system)
            .then(|| attributes.text(CODE_NAMESPACE))?
    })
}

/// The name without what is drawn anew for each connection.
fn steady(name: &str) -> Cow<'_, str> {
    let begins = |prefix: &&str| {
        name.get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    let is_of_bus = |(_, end): (&str, &str)| {
        end.len() >= BUS.1 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if FLEETING_PREFIXES.iter().any(begins)
        || FLEETING_PARTS.iter().any(|part| name.contains(part))
        || name.rsplit_once(BUS.0).is_some_and(is_of_bus)
    {
        return TEMPORARY.into();
    }
    let Some(at) = uuid_in(name) else {
        return name.into();
    };
    format!(
        "{}{{uuid}}{}",
        &name[..at],
        steady(&name[at + UUID_BYTES..])
    )
    .into()
}

const UUID_BYTES: usize = 36;

/// Where the first UUID in `name` begins.
fn uuid_in(name: &str) -> Option<usize> {
    name.as_bytes().windows(UUID_BYTES).position(|window| {
        window.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_connection_are_folded() {
        for name in [
            "amq.gen-JzTY20BRgKO-HjmUJj0wLg",
            "amq.rabbitmq.reply-to.g2dkABZyYWJiaXRAcmFiYml0",
            "spring.gen-7xQd0c1aTQ-",
            "_INBOX.Hx2c9",
            "_inbox.hx2c9",
            "temp-queue://ID:host-4711-1:1:1",
            "ID:414d5120514d31",
            "orders.anonymous.q0G9JvkmTKKCuC",
            "DESKTOP_Api_bus_xyoyyynyxyybkpbwbdmd5kbsbx",
            "celery@worker1.celery.pidbox",
        ] {
            assert_eq!(steady(name), TEMPORARY, "{name}");
        }
        assert_eq!(
            steady("rpc.reply-orders-0a1b2c3d-1111-2222-3333-444455556666.x"),
            "rpc.reply-orders-{uuid}.x"
        );
        let uuid = "0a1b2c3d-1111-2222-3333-444455556666";
        assert_eq!(steady(&format!("{uuid}.{uuid}")), "{uuid}.{uuid}");
        for name in [
            "orders",
            "order events",
            "orders-2",
            "ex:order.created:billing",
            "school_bus_events",
            "火",
        ] {
            assert_eq!(steady(name), name);
        }
    }
}
