# "Add a service".

add-title = Add a service
add-lead = Any OpenTelemetry SDK, agent or collector can send data here. No other configuration is needed.
add-agents = Language or agent
add-name = Service name
add-name-rule = Letters, digits, dots, dashes, slashes and underscores
add-name-set = Use this name
add-kubernetes = Kubernetes
add-collector = Collector
add-waiting = Waiting for the first span of a new service. This page updates automatically.
add-arrived = The first spans have arrived.
add-open = Open dashboard
add-note-agent = These lines instrument everything the agent supports: HTTP, gRPC, databases, caches and queues.
add-note-code = These lines trace incoming and outgoing HTTP. To record database statements too, add the instrumentation package of your database driver.
add-note-kubernetes = The operator injects the agent into each pod. Environment variables set in the deployment take precedence over these.
add-note-collector = Applications keep sending to the collector. The collector forwards their traces to Hinomi.
add-note-version = Set service.version at each release, so that a new version can be told from the previous one.
add-note-addresses = OTLP over HTTP: { $http }. OTLP over gRPC: { $grpc }. Traces are stored. Metrics and logs are not stored yet.
add-note-loopback = The receivers accept connections from this server only. For agents on other machines, run an OpenTelemetry Collector on this server and let them send to it.
add-service = Add a service
