# Hosts outside that our services call.

partners-what = hosts outside, by calling service
partners-table = Partners
partners-fine = { $count ->
    [one] 1 partner answers as usual
   *[other] { $count } partners answer as usual
}
partners-none = No calls to hosts outside in this range
partners-none-text = HTTP and RPC calls to hosts that are none of our own services appear here by themselves.
partners-nothing-then = The other time has no calls to compare with.
partner-silent = Nothing has called this host in this range
partner-find = Find calls
partner-all = All partners
partner-callers = Who calls it
calls-map = Calls
calls-map-calls = calls
calls-map-all = failed calls drawn as any other
calls-map-label = Calls over time, by how long they took
failure-connect = Connect
failure-tls = TLS
failure-timeout = Timeout
failure-4xx = 4xx
failure-5xx = 5xx
failure-other = Other
blame-fine = as usual
blame-theirs = likely theirs
blame-ours = likely ours
blame-unclear = cannot be told
blame-faults = It answers, and admits faults itself: { $share } of the failures are 5xx.
blame-refusals = It answers, and refuses what we send: { $share } of the failures are 4xx. Look at what we changed, and at credentials.
blame-many = { $hosts } partners cannot be reached at once. That is rather our network, proxy or name service than all of them.
blame-all-callers = { $callers } services see it at the same time, so it is hardly one of them.
blame-some-callers = { $service } sees it; calls of { $others } other callers go well.
blame-one-instance = Almost all of it is seen by { $instance }, one of { $running } instances of { $service }.
blame-all-instances = Most of the { $running } instances of { $service } see it, so it is the partner or the way to it.
blame-only-caller = Only { $service } tells of it. Whether it is the partner or { $service } cannot be seen from here.
