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
trace-spent-internal = { $share } of the time went by on the way between { $service } and { $target }
trace-spent-messaging = { $share } of the time went by in the queue { $target }
trace-also-code = { $sentence }, { $share } in the code of { $service }
trace-also-database = { $sentence }, { $share } in the database { $target }
trace-also-cache = { $sentence }, { $share } in the cache { $target }
trace-also-external = { $sentence }, { $share } waiting for { $target }
trace-also-internal = { $sentence }, { $share } on the way to { $target }
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
} Spans may still be on their way, or their service does not send them here.
trace-partial-root = The first span of this trace has not arrived, so its beginning and length may be wrong.
trace-page = Spans { $first } to { $last } of { $count }, by their start as sent. Own times, the critical path and counts of calls are of the spans on this page.
trace-page-first = First spans
trace-page-next = Next spans
trace-partial-drawn = The first { $drawn } of { $count } spans are drawn. The download has all of them.
trace-reload = Look again

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
trace-loop-note = { $count } equal calls from one parent: fetch them in one query
trace-failed-count = { $count } failed
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
trace-span-lost = This span could not be loaded. Choose it again to retry.
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
trace-span-none = None were sent.
trace-kind-word-internal = internal
trace-kind-word-server = server
trace-kind-word-client = client
trace-kind-word-producer = producer
trace-kind-word-consumer = consumer

# No trace
trace-missing-title = This trace is not here
trace-missing-explained = No span with this trace id is stored. It may not have arrived yet: spans are visible within a second or two of being sent. It may also be older than the retention, dropped by sampling, or sent to another server.
trace-invalid-title = This is not a trace id
trace-invalid-explained = A trace id is 32 hexadecimal digits and not all zero, such as 4bf92f3577b34da6a3ce929d0e0e4736.
trace-retry = Look again
trace-to-transactions = Find a transaction

# Flame
trace-flame-explained = Width is the time spent in a span and below it; equal spans are one frame, and calls that ran side by side add up. Click a frame to fill the width with it.
trace-flame-whole = Whole trace
trace-flame-frame = { $name }: { $below } with what is below it ({ $share }), { $own } of its own{ $failed ->
    [0] {""}
    [one] , 1 failed
   *[other] , { $failed } failed
}
trace-flame-left-out = { $count ->
    [one] 1 frame is too narrow or too deep to draw; click the one above it.
   *[other] { $count } frames are too narrow or too deep to draw; click the one above them.
}

# Clocks
trace-clock-behind = The clock of { $host } was { $by } behind: its { $count ->
    [one] span is
   *[other] { $count } spans are
} moved by that, so that nothing begins before what caused it.
trace-clock-ahead = The clock of { $host } was { $by } ahead: its { $count ->
    [one] span is
   *[other] { $count } spans are
} moved by that, so that nothing ends after whoever waited for it.
trace-clock-more = The clocks of { $count } more hosts were off too.
trace-clock-show-sent = Show as sent
trace-clock-as-sent = Every span is shown where its own host’s clock says it was.
trace-clock-align = Bring clocks together

# Two traces beside each other
trace-compare-title = Two traces compared
trace-compare-do = Compare
trace-compare-usual = Beside a usual transaction of the same operation
trace-compare-this = This one
trace-compare-other = The other
trace-compare-swap = Swap
trace-compare-longer = This one took { $by } longer, { $times } times as long.
trace-compare-shorter = This one took { $by } less; the other took { $times } times as long.
trace-compare-equal = Both took equally long.
trace-compare-most = Where they differ most
trace-compare-own = self time, without calls below
trace-compare-nowhere = No step differs by more than 1 % of the longer one.
trace-compare-only-this = only this one, ×{ $this }
trace-compare-only-other = only the other, ×{ $other }
trace-compare-same-count = ×{ $this } in both
trace-compare-counts = ×{ $this } here, ×{ $other } there
trace-compare-both = Both trees, laid over each other
trace-compare-both-explained = self time of equal steps below equal steps
trace-compare-difference = Difference
trace-compare-left-out = { $count } more steps are not listed.
trace-compare-with = Compare with another trace
trace-compare-id = trace id
trace-compare-none = Within half an hour there is no other transaction of this operation that succeeded and was not slow. Paste the id of a trace to compare with.
trace-compare-back = Back to the trace
