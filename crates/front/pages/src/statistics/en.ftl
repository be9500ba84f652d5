# Statistics beside another time.

stats-kinds = Kind of statistics
stats-operations = Operations
stats-statements = Statements
stats-externals = External calls
stats-errors = Errors
stats-instances = Instances
stats-filter = Name contains
stats-rows = { $count } rows
stats-gone = { $count ->
    [one] 1 row exists only in the comparison period
   *[other] { $count } rows exist only in the comparison period
}
stats-new = new
stats-none = No data in this range
stats-none-text = Choose a longer time range, or change the filter.
stats-change-of = Change of { $column }
column-total = Time
column-share = Share
column-trend = Rate
column-begun = Kind
begun-probe = health check
begun-stream = stream
begun-job = job
begun-message = message
row-slowest = Slowest
row-failed = Newest errors
row-newest = Newest
row-callers = Callers
row-runners = Calling operations
row-among = { $count ->
    [one] in the one sampled trace
   *[other] in { $count } sampled traces
}
row-nobody = Not found in the sampled traces
row-outside = no known caller
row-traces = Traces
row-example = Example
row-dashboard = Dashboard
