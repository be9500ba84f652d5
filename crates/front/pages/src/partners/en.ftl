# Hosts outside that our services call.

partners-what = external hosts, by calling service
partners-table = Partners
partners-fine = { $count ->
    [one] 1 partner answers as usual
   *[other] { $count } partners answer as usual
}
partners-none = No calls to external hosts in this range
partners-none-text = HTTP and RPC calls to hosts other than your own services appear here automatically.
partners-nothing-then = The comparison period has no calls.
partner-silent = No calls to this host in this range
partner-find = Find calls
partner-all = All partners
partner-callers = Callers
calls-map = Calls
calls-map-calls = calls
calls-map-all = failed calls not shown separately
calls-map-label = Calls over time, by duration
failure-connect = Connect
failure-tls = TLS
failure-timeout = Timeout
failure-4xx = 4xx
failure-5xx = 5xx
failure-other = Other
blame-fine = as usual
blame-theirs = likely the partner
blame-ours = likely our side
blame-unclear = cause unknown
blame-until = { $blame }, until { $until }
blame-faults = The partner responds and reports its own errors: { $share } of the failures are 5xx.
blame-refusals = The partner responds and rejects our requests: { $share } of the failures are 4xx. Check our recent changes and credentials.
blame-many = { $hosts } partners are unreachable at the same time. The cause is more likely our network, proxy or DNS than all of these partners.
blame-all-callers = { $callers } services are affected at the same time, so one of them is unlikely to be the cause.
blame-some-callers = { $service } is affected. The calls of { $others } other callers are fine.
blame-one-instance = Almost all failures occur on { $instance }, one of { $running } instances of { $service }.
blame-all-instances = Most of the { $running } instances of { $service } are affected, so the cause is the partner or the network path to it.
blame-only-caller = { $service } is the only caller. Whether the partner or { $service } is the cause cannot be determined from here.
