//! Searches for bytes that break `segment`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (hinomi_fuzz::target("segment").run)(input);
});
