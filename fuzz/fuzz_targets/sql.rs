//! Searches for bytes that break `sql`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (hinomi_fuzz::target("sql").run)(input);
});
