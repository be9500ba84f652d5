//! Hinomi.
fn main() {}
