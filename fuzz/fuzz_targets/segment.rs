//! Searches for bytes that break `segment`.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: hinomi_fuzz::quieten(),
    |input: &[u8]| {
        (hinomi_fuzz::target("segment").run)(input);
    }
);
