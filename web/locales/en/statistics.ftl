# Statistics beside another time.

vs = compared with
vs-yesterday = Yesterday
vs-last-week = Last week
vs-usual = Usual
vs-custom = Another time
vs-none = Nothing
vs-apply = Compare
stats-kinds = Which statistic
stats-operations = Operations
stats-statements = Statements
stats-externals = External calls
stats-errors = Errors
stats-instances = Instances
stats-filter = Name contains
stats-rows = { $count } rows
stats-more = { $count } more: filter, or download all of them
stats-gone = { $count ->
    [one] One row of the other time has nothing now
   *[other] { $count } rows of the other time have nothing now
}
stats-new = new
stats-none = Nothing to count in this range
stats-none-text = Choose a longer time range, or loosen the filter.
stats-change-of = Change of { $column }
column-total = Time
column-share = Share
column-trend = Rate
row-slowest = Slowest
row-failed = Newest errors
row-newest = Newest
row-callers = Who calls it
row-runners = Operations that run it
row-among = { $count ->
    [one] in the one trace looked at
   *[other] in { $count } traces looked at
}
row-nobody = None of the traces looked at tells
row-outside = from outside
row-traces = Traces
row-example = Example
row-dashboard = Dashboard
