# Lines over time, and what they are beside.

charts-usual = usually
charts-usual-band = { $low }–{ $high }
charts-usual-weeks = Usual: from the same time on this weekday in { $count } earlier weeks, in steps of { $width }. Eight of ten values are in the band.
charts-usual-days = Usual: from the same time on { $count } earlier days, in steps of { $width }. Eight of ten values are in the band.
charts-usual-few = No band of the usual yet: it takes two earlier days, or the same weekday in two weeks, with at least 20 transactions at this time.
charts-usual-long = Nothing is usual for more than a week: choose a shorter range.
charts-nothing-then = The other time has nothing to compare with.
charts-nothing-yet = no value
charts-keys = Left and right arrow keys read the values.

in-flight = In flight
in-flight-mean = mean
in-flight-max = max
chart-latest = latest
in-flight-exact = counted once ended: the newest can still rise
in-flight-means = means only: over an hour, too many or no longer kept one by one
in-flight-ages = Running, by age
in-flight-ago = { $seconds } s ago
in-flight-active = Agents report { $count } active, { $seconds } s ago.
in-flight-ended = Spans come when they end: what still runs is not in it.
charts-usual-later = What is usual is being read, and drawn when it is known.
