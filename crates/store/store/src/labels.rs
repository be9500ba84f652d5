//! Labels of services.

use hinomi_model::Text;
use std::collections::BTreeMap;

/// The labels of one service: name and value.
pub type ServiceLabels = BTreeMap<Text, Text>;
