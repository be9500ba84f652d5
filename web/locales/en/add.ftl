# "Add a service".

add-title = Add a service
add-lead = Any OpenTelemetry SDK, agent or collector can send here. Nothing else has to be configured.
add-agents = Language or agent
add-name = Service name
add-name-rule = Letters, digits, dot, dash, slash and underscore
add-name-set = Use this name
add-kubernetes = Kubernetes
add-collector = Collector
add-waiting = Waiting for the first span of a new service. This page shows it by itself.
add-arrived = The first spans have arrived.
add-open = Open its dashboard
add-note-agent = These lines instrument what the agent knows by itself: HTTP, gRPC, databases, caches, queues.
add-note-code = These lines trace incoming and outgoing HTTP; add the instrumentation package of your database driver for its statements.
add-note-kubernetes = The operator puts the agent into each pod; the deployment’s own environment variables win over these.
add-note-collector = Applications keep sending to the collector; it hands their traces on.
add-note-version = Set service.version at each release: a new one is told from the one before.
add-note-addresses = OTLP over HTTP is at { $http }, over gRPC at { $grpc }. Traces are kept; metrics and logs are not stored yet.
add-note-loopback = The receivers listen on this machine only. For agents on other machines, run a collector beside Hinomi, or start Hinomi with other addresses.
add-service = Add a service
