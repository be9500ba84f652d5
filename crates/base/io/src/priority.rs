//! Who gets the processor first: the one thing the store asks of the scheduler.

use std::io;

/// How much nicer: below everything that answers somebody, above nothing.
const NICER: i32 = 10;

/// Makes the calling thread, and none of the others, give way to the others when the processor is
/// short. For work in the background; there is no way back.
pub fn yield_to_others() -> io::Result<()> {
    // On Linux niceness belongs to the thread.
    rustix::process::nice(NICER)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_calling_thread_gives_way() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let inside = std::thread::spawn(move || {
            yield_to_others().unwrap();
            niceness()
        });
        assert_eq!(inside.join().unwrap(), (before + NICER).min(19));
        assert_eq!(niceness(), before);
    }
}
