//! OTLP protobuf and JSON to the model.
