//! Searches for bytes that break `web`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (hinomi_fuzz::target("web").run)(input);
});
