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
verdict-errors = Errors { $share }.
verdict-errors-usual = Errors { $share }, usually { $usual }.
verdict-slow = { $share } are slow.
verdict-slow-usual = { $share } are slow, usually { $usual }.
verdict-last-seen = Nothing in this range. The last transaction ended { $when }.
verdict-never-seen = Nothing in this range.
lost-notice = Stored data of this time cannot be read: { $times }. Numbers and lists of it are too low. hinomi doctor names the files and says what to do.
lost-more = { $count } more
