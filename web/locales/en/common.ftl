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
verdict-errors = Errors lately { $now }.
verdict-errors-usual = Errors lately { $now }, usually { $usual } { $when }.
verdict-slow = Lately { $now } are slow.
verdict-slow-usual = Lately { $now } are slow, usually { $usual } { $when }.
verdict-slower-usual = The 95th percentile is { $now } lately, usually { $usual } { $when }.
verdict-quiet-usual = Only { $now } lately, usually { $usual } { $when }.
verdict-hour-of-week = on a { $day ->
    [mon] Monday
    [tue] Tuesday
    [wed] Wednesday
    [thu] Thursday
    [fri] Friday
    [sat] Saturday
   *[sun] Sunday
} at this hour
verdict-hour-of-day = at this hour
verdict-hour-before = in the hour before
verdict-since = For { $length }.
verdict-since-before = For { $length } or longer.
verdict-few = Too few transactions to tell.
length-minutes = { $count } min
length-hours = { $count } h
list-comma = { ", " }
verdict-last-seen = Nothing in this range. The last transaction ended { $when }.
verdict-never-seen = Nothing in this range.
lost-notice = Stored data of this time cannot be read: { $times }. Numbers and lists of it are too low. hinomi doctor names the files and says what to do.
folded-names = { $service } sends too many different values of { $attribute }, for example { $example }. Since { $since }, { $spans ->
    [one] 1 span is
   *[other] { $spans } spans are
} counted as (other). Send fewer values, or leave the attribute out. Other services are not affected.
folded-services = More services send here than can be counted apart, for example { $example }. Since { $since }, { $spans ->
    [one] 1 span is
   *[other] { $spans } spans are
} counted as the service (other). Take what changes out of { $attribute }. Services that were known before are not affected.
folded-more = { $count ->
    [one] 1 more attribute has
   *[other] { $count } more attributes have
} too many values: see folded in /api/v1/services.
folded-operation = operation names (http.route or span name)
folded-target = called hosts, databases or queues
folded-detail = called statements, routes or methods
lost-more = { $count } more
time-apart = The clock of this server jumped to { $machine }. Hinomi goes by its own count, { $ours }, and deletes nothing for it. Set the clock (NTP). If it is right, stop the server and run hinomi doctor --accept-clock.
time-held = { $days ->
    [one] One day has
   *[other] { $days } days have
} passed that this server did not see. Data are not deleted for that time until senders have agreed with its clock for two days, or until hinomi doctor --accept-clock is run on the stopped server.
csv-partial = incomplete
csv-partial-title = The file misses rows: stored data of this range cannot be read. Its last lines name the times.
