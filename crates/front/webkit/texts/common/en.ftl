# Words that several pages use.

rate = Throughput
errors = Errors
errors-short = err
copy = Copy
copied = Copied
verdict-bad = Bad
verdict-watch = Watch
verdict-no-data = No data
verdict-ok = OK
verdict-errors = Error rate { $now } (last { $over }).
verdict-errors-usual = Error rate { $now } (last { $over }), usually { $usual } { $when }.
verdict-slow = { $now } of transactions are slow (last { $over }).
verdict-slow-usual = { $now } of transactions are slow (last { $over }), usually { $usual } { $when }.
verdict-slower-usual = p95 is { $now } (last { $over }), usually { $usual } { $when }.
verdict-quiet-usual = Throughput is only { $now } (last { $over }), usually { $usual } { $when }.
verdict-hour-of-week = on { $day ->
    [mon] Mondays
    [tue] Tuesdays
    [wed] Wednesdays
    [thu] Thursdays
    [fri] Fridays
    [sat] Saturdays
   *[sun] Sundays
} at this hour
verdict-hour-of-day = at this hour
verdict-hour-before = in the hour before
verdict-since = Ongoing for { $length }.
verdict-since-before = Ongoing for at least { $length }.
verdict-few = Too few transactions for a verdict.
length-seconds = { $count } s
length-minutes = { $count } min
length-hours = { $count } h
list-comma = { ", " }
verdict-last-seen = No transactions in the last 15 min. The last one ended at { $when }.
verdict-never-seen = No transactions so far.
lost-notice = Some stored data cannot be read: { $times }. Counts and lists for this time are too low. Run hinomi doctor to see the damaged files and what to do.
folded-names = { $service } sends too many different values of { $attribute }, for example { $example }. Since { $since }, { $spans ->
    [one] 1 span is
   *[other] { $spans } spans are
} counted as (other). Send fewer different values, or remove the attribute. Other services are not affected.
folded-services = Too many different services send data, for example { $example }. Since { $since }, { $spans ->
    [one] 1 span is
   *[other] { $spans } spans are
} counted as the service (other). Remove the changing part from { $attribute }. Services that were already known are not affected.
folded-more = { $count ->
    [one] 1 more attribute has
   *[other] { $count } more attributes have
} too many different values. See folded in /api/v1/services.
folded-operation = operation names (http.route or span name)
folded-target = called hosts, databases or queues
folded-detail = called statements, routes or methods
lost-more = { $count } more
time-apart = The clock of this server jumped to { $machine }. Hinomi keeps using its own time, { $ours }, and deletes no data because of the jump. Correct the clock (NTP). If the new time is right, stop the server and run hinomi doctor --accept-clock.
time-held = The clock of this server advanced by { $days ->
    [one] one day
   *[other] { $days } days
} that Hinomi could not confirm. Data is kept longer by that time until the clocks of senders have agreed with this server for two days, or until you stop the server and run hinomi doctor --accept-clock.
csv-partial = incomplete
csv-partial-title = This file is missing rows: some stored data in this range cannot be read. The last lines of the file list the affected times.

close = Close
first-page = First page
previous-page = Previous page
next-page = Next page
download-csv = Download as CSV: { $table }
chart-show-all = Show all { $count }
chart-show-less = Show fewer
column-operation = Operation
column-statement = Statement
column-database = Database
column-host = Host
column-instance = Instance
column-version = Version
column-error = Type
column-service = Service
column-count = Count
column-time = Time
column-rate = Rate
column-calls = Calls
column-average = avg
column-errors = Err
column-end = End
column-took = Took
column-outcome = Outcome
column-result = Result
column-from = From

vs = compare with
vs-yesterday = Yesterday
vs-last-week = Last week
vs-usual = Usual
vs-custom = Other period
vs-none = None
vs-apply = Compare
stats-more = { $count } more. Filter the rows, or download all of them
