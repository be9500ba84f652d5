//! The maximum number of files and connections that the process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Limit to assume if the system has none: more than any server needs, and small enough for a table
/// with an entry per descriptor.
const UNLIMITED: u64 = 1 << 20;

/// Raises the soft limit of descriptors to the hard limit, which any process may do. Returns the
/// limit in force; it is unchanged if it cannot be raised.
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
