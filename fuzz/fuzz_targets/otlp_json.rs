//! Searches for bytes that break `otlp_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (hinomi_fuzz::target("otlp_json").run)(input);
});
