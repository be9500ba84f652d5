# The health board.

board-title = Health
board-services = Services
board-no-namespace = No namespace
board-size = { $count ->
    [one] 1 service
   *[other] { $count } services
}
board-count-bad = bad
board-count-watch = watch
board-count-no-data = no data
board-count-ok = OK
board-all-ok = all OK
board-empty-title = No service has sent any data yet
board-empty-text = Any OpenTelemetry SDK, agent or collector can send data here. Set these three lines where your service runs, then start the service:
board-empty-http = If gRPC cannot be used, set the endpoint to { $endpoint } and the protocol to http/protobuf.
board-waiting = Waiting for the first span. This page updates automatically.
board-none-here = No services in the environment { $environment }
board-all-environments = Show all environments
board-empty-agents = Setup for Java, Python, Node.js, Go, .NET, Ruby, PHP, Kubernetes
board-states = Filter by verdict
board-state-count = { $count } { $state }
board-by = Group by
board-by-namespace = Namespace
board-by-environment = Environment
board-by-team = Team
board-by-none = None
board-without = Without { $label }
board-filter = Service name contains
board-none-match = No service matches
