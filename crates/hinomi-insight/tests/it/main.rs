//! The claims of `hinomi-insight`, measured on generated traffic.

mod dice;
mod patterns;
mod shapes;
