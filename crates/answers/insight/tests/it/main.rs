//! The claims of `hinomi-insight`, measured on generated traffic.

mod deployments;
mod dice;
mod differences;
mod patterns;
mod populations;
mod releases;
mod shapes;
