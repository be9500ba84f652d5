//! Searches for bytes that break `frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (hinomi_fuzz::target("frame").run)(input);
});
