//! Searches for bytes that break `wal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (hinomi_fuzz::target("wal").run)(input);
});
