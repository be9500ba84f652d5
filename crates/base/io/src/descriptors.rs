//! How many files and connections the process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Descriptors where the system sets no limit: more than any server needs, and less than a table of
/// all of them would take.
const UNLIMITED: u64 = 1 << 20;

/// Raises the soft limit of descriptors to the hard one, as any process may. Answers the limit in
/// force: what cannot be raised stays as it is.
pub fn raise_descriptors() -> u64 {
    let before = getrlimit(Resource::Nofile);
    let mut raised = before;
    raised.current = before.maximum;
    let in_force = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised,
        Err(_) => before,
    };
    in_force.current.unwrap_or(UNLIMITED).min(UNLIMITED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let raised = raise_descriptors();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current, now.maximum);
        assert!(raised > 0 && now.current.is_none_or(|limit| raised <= limit));
    }
}
