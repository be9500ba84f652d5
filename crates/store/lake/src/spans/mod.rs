//! What the columns of the table `spans` mean: spans from rows, parents as offsets, resources as
//! text, promoted attributes.

pub(crate) mod decode;
pub(crate) mod parents;
pub(crate) mod promoted;
pub(crate) mod resource_text;
