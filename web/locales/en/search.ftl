# The search for spans by attribute.

find-what = What to look for
find-services = Services with this in their name
find-go = Search
find-transactions = In transactions instead
find-progress = How far the search is
find-begins = Searching…
find-running = Searching… { $rows } spans looked at, { $found } found
find-done = { $found } found among { $rows } spans
find-so-far = { $found } found so far among { $rows } spans
find-cancel = Stop
find-cancelled = Stopped
find-again = Search again
find-on = Go on
find-older = Older ones than { $time } may follow.
find-out-of-time = The time was up. Nothing is missing from { $time } on; what is older has not been looked at.
find-partial = Stored data of this time cannot be read: { $times }. What it holds is not found. hinomi doctor names the files and says what to do.
find-none = Nothing has this in the chosen time range
find-none-text = Choose a longer range above, or write it another way: values must match whole, letter for letter.
find-failed = The search did not come to its end
find-lost = The connection to the server was lost.
find-script = This page searches with JavaScript; without it, use the API: /api/v1/search?q=order.id=12345
find-span = Operation or span
find-matched = Found by
find-form-key = the attribute has exactly this value
find-form-value = some attribute has exactly this value
find-form-quoted = a value with spaces
find-form-any = the attribute is there, whatever its value
find-form-status = the HTTP response status
find-wrong-empty = Say what to look for
find-wrong-quote = A quotation mark is missing
find-wrong-value = A value is missing: write * for any value or "" for an empty one
find-wrong-many = At most eight terms at once
