# The trace page.

trace-title = { $operation }, trace
trace-took-ok = { $status } in { $duration }
trace-took-error = { $status } after { $duration }
trace-took = took { $duration }
trace-failed-after = failed after { $duration }
trace-copy-link = Copy link
trace-copied = Copied
trace-copy-id = Copy trace id
trace-copy-value = Copy value
trace-copy-span-link = Copy link to this span
trace-download = Download JSON
trace-mark-ok = Succeeded
trace-mark-slow = Slow
trace-mark-error = Failed
trace-error = Failed

# Summary
trace-spans = { $count ->
    [one] 1 span
   *[other] { $count } spans
}
trace-services = { $count ->
    [one] 1 service
   *[other] { $count } services
}
trace-errors = { $count ->
    [0] no errors
    [one] 1 error
   *[other] { $count } errors
}
trace-summary-counts = { $spans }, { $services }, { $errors }
trace-bar-label = Where the time went, by category
trace-spent-code = { $service } spent { $share } of the time in its own code
trace-spent-database = { $service } spent { $share } of the time in the database { $target }
trace-spent-cache = { $service } spent { $share } of the time in the cache { $target }
trace-spent-external = { $service } waited { $share } of the time for { $target }
trace-spent-internal = { $share } of the time was spent between { $service } and { $target }
trace-spent-messaging = { $share } of the time was spent waiting in the queue { $target }
trace-also-code = { $sentence }, { $share } in the code of { $service }
trace-also-database = { $sentence }, { $share } in the database { $target }
trace-also-cache = { $sentence }, { $share } in the cache { $target }
trace-also-external = { $sentence }, { $share } waiting for { $target }
trace-also-internal = { $sentence }, { $share } between services on the way to { $target }
trace-also-messaging = { $sentence }, { $share } in the queue { $target }
trace-category-code = Own code
trace-category-database = Database
trace-category-cache = Cache
trace-category-external = External
trace-category-internal = Between services
trace-category-messaging = Queue

# Banners
trace-partial-orphans = Part of this trace is missing: { $count ->
    [one] 1 span names a parent that has not arrived.
   *[other] { $count } spans name a parent that has not arrived.
} The missing spans may still arrive, or their service does not send spans to this server.
trace-partial-root = The first span of this trace has not arrived. The start time and the duration may be wrong.
trace-page = Spans { $first } to { $last } of { $count }, in order of their start time as sent. Self time, critical path and call counts cover only the spans on this page.
trace-page-first = First spans
trace-page-next = Next spans
trace-partial-drawn = The first { $drawn } of { $count } spans are shown. The download contains all of them.
trace-reload = Reload

# Views
trace-views = Views of this trace
trace-view-waterfall = Waterfall
trace-view-table = Table
trace-view-flame = Flame
trace-view-statements = Statements
trace-view-calls = Calls
trace-view-exceptions = Exceptions
trace-critical-path = critical path
trace-small-print-hidden = { $count ->
    [one] 1 tiny internal span hidden
   *[other] { $count } tiny internal spans hidden
}: show
trace-small-print-shown = { $count ->
    [one] 1 tiny internal span shown
   *[other] { $count } tiny internal spans shown
}: hide
trace-column-name = Service and operation
trace-column-timeline = Time
trace-column-own = Self
trace-column-start = Start
trace-column-gap = Gap before
trace-column-service = Service
trace-column-operation = Operation
trace-column-took = Took
trace-column-status = Status
trace-orphan = parent missing
trace-orphan-explained = Its parent span has not arrived, so its place in the tree is not known.

# Statements, calls, exceptions
trace-statements-count = { $calls ->
    [one] 1 call
   *[other] { $calls } calls
} in { $groups ->
    [one] 1 group
   *[other] { $groups } groups
}, { $total }
trace-calls-explained = to other services, hosts and queues
trace-statement = Statement
trace-database = Database
trace-host = Host
trace-request = Operation
trace-count = Calls
trace-total = Total
trace-max = Longest
trace-note = Note
trace-result = Result
trace-kind-internal = our service
trace-kind-external = external
trace-loop = N+1: { $count } equal calls, { $total }
trace-loop-note = { $count } equal calls from one parent: combine them into one query
trace-failed-count = { $count } failed
trace-groups-more = { $count } more, with less total time, are not shown
trace-statements-none = No span of this trace ran a statement.
trace-calls-none = No span of this trace called another service, host or queue.
trace-exceptions-none = No span of this trace recorded an exception.
trace-exception-seen = recorded by { $count ->
    [one] 1 span
   *[other] { $count } spans
}
trace-exception-in = { $service }, { $name }
trace-exception-untyped = Exception
trace-stack = Stack trace
trace-more-frames = { $count ->
    [one] 1 more line
   *[other] { $count } more lines
}

# The selected span
trace-span = Selected span
trace-span-lost = This span could not be loaded. Select it again to retry.
trace-span-took = Took
trace-span-started = Started
trace-span-share = Share of trace
trace-span-own = Self
trace-span-kind = Kind
trace-span-service = Service
trace-span-version = Version
trace-span-instance = Instance
trace-span-host = Host
trace-span-parameters = Parameters, as sent
trace-span-call = Call
trace-span-target = To
trace-span-request = Request
trace-span-address = Address
trace-span-result = Result
trace-span-status = Status
trace-span-events = Events
trace-span-attributes = Attributes
trace-span-resource = Resource
trace-span-links = Linked traces
trace-span-filter = Filter attributes
trace-span-none = No attributes were sent.
trace-kind-word-internal = internal
trace-kind-word-server = server
trace-kind-word-client = client
trace-kind-word-producer = producer
trace-kind-word-consumer = consumer

# No trace
trace-missing-title = Trace not found
trace-missing-explained = No span with this trace id is stored. It may not have arrived yet: spans appear within a second or two after they are sent. It may also be past the retention, dropped by sampling, or sent to another server.
trace-invalid-title = This is not a trace id
trace-invalid-explained = A trace id has 32 hexadecimal digits that are not all zero, such as 4bf92f3577b34da6a3ce929d0e0e4736.
trace-retry = Try again
trace-to-transactions = Find a transaction

# Flame
trace-flame-explained = The width shows the time spent in a span and below it. Equal spans form one frame, and parallel calls add up. Click a frame to zoom in on it.
trace-flame-whole = Whole trace
trace-flame-frame = { $name }: total { $below } ({ $share }), self { $own }{ $failed ->
    [0] {""}
    [one] , 1 failed
   *[other] , { $failed } failed
}
trace-flame-left-out = { $count ->
    [one] 1 frame is too narrow or too deep to draw. Click the frame above it.
   *[other] { $count } frames are too narrow or too deep to draw. Click the frame above them.
}

# Clocks
trace-clock-behind = The clock of { $host } was { $by } behind. { $count ->
    [one] 1 span of this host is
   *[other] { $count } spans of this host are
} moved by that time, so that nothing starts before its cause.
trace-clock-ahead = The clock of { $host } was { $by } ahead. { $count ->
    [one] 1 span of this host is
   *[other] { $count } spans of this host are
} moved by that time, so that nothing ends after the span that waited for it.
trace-clock-more = The clocks of { $count } more hosts were also wrong.
trace-clock-show-sent = Show as sent
trace-clock-as-sent = Each span is shown at the time its own host reported.
trace-clock-align = Align clocks

# Two traces beside each other
trace-compare-title = Two traces compared
trace-compare-do = Compare
trace-compare-usual = Compare with a usual transaction of the same operation
trace-compare-this = This trace
trace-compare-other = Other trace
trace-compare-swap = Swap
trace-compare-longer = This trace took { $by } longer, { $times } times as long as the other trace.
trace-compare-shorter = This trace took { $by } less. The other trace took { $times } times as long.
trace-compare-equal = Both traces took equally long.
trace-compare-most = Largest differences
trace-compare-own = self time, without calls below
trace-compare-nowhere = No step differs by more than 1 % of the longer trace.
trace-compare-only-this = only in this trace, ×{ $this }
trace-compare-only-other = only in the other trace, ×{ $other }
trace-compare-same-count = ×{ $this } in both
trace-compare-counts = ×{ $this } in this trace, ×{ $other } in the other
trace-compare-both = Both traces overlaid
trace-compare-both-explained = self time of equal steps below equal steps
trace-compare-difference = Difference
trace-compare-left-out = { $count } more steps are not listed.
trace-compare-with = Compare with another trace
trace-compare-id = trace id
trace-compare-none = No other transaction of this operation within half an hour succeeded without being slow. Paste the id of a trace to compare with.
trace-compare-back = Back to the trace
