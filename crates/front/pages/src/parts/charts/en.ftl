# Lines over time, and what they are beside.

charts-usual = usual
charts-usual-band = { $low }–{ $high }
charts-usual-weeks = Usual: same weekday and time in { $count } earlier weeks, in steps of { $width }. The band contains 80 % of the values.
charts-usual-days = Usual: same time of day on { $count } earlier days, in steps of { $width }. The band contains 80 % of the values.
charts-usual-few = No usual range yet. It needs at least 20 transactions at this time on two earlier days, or on this weekday in two earlier weeks.
charts-usual-long = The usual range is not available for more than one week. Choose a shorter time range.
charts-nothing-then = The comparison period has no data.
charts-nothing-yet = no value
charts-keys = Press the left and right arrow keys to read values.

in-flight = In flight
in-flight-mean = mean
in-flight-max = max
chart-latest = latest
in-flight-exact = counted when transactions end; the latest values can still rise
in-flight-means = mean only: range over 1 h, too many transactions, or past their retention
in-flight-ages = Running, by age
in-flight-ago = { $seconds } s ago
in-flight-active = Agents reported { $count } active requests { $seconds } s ago.
in-flight-ended = Requests that are still running are not counted yet.
charts-usual-later = The usual range is being calculated. It appears when it is ready.

chart-latency = Latency
