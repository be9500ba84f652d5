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
board-empty-title = No service has sent anything yet
board-empty-text = Any OpenTelemetry SDK, agent or collector can send here. Set these three lines where your service runs, then start it:
board-empty-http = Where gRPC cannot be used: endpoint { $endpoint } and protocol http/protobuf.
board-waiting = Waiting for the first span. This page shows it by itself.
board-none-here = No service of the environment { $environment } is known
board-all-environments = Show all environments
board-empty-agents = Lines for Java, Python, Node.js, Go, .NET, Ruby, PHP, Kubernetes
board-states = Show by verdict
board-state-count = { $count } { $state }
board-by = grouped by
board-by-namespace = Namespace
board-by-environment = Environment
board-by-team = Team
board-by-none = Nothing
board-without = Without { $label }
board-filter = Service name contains
board-none-match = No service matches
