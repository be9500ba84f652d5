# The search for spans by attribute.

find-what = Search terms
find-services = Services with this text in their name
find-go = Search
find-transactions = Search transactions instead
find-progress = Search progress
find-begins = Searching…
find-running = Searching… { $rows } spans read, { $found } found
find-done = { $found } found among { $rows } spans
find-so-far = { $found } found so far among { $rows } spans
find-cancel = Stop
find-cancelled = Stopped
find-again = Search again
find-on = Continue
find-older = There may be more before { $time }.
find-out-of-time = The time limit was reached. Everything from { $time } on was searched. Older spans were not searched.
find-partial = Some stored data cannot be read: { $times }. It was not searched. Run hinomi doctor to see the damaged files and what to do.
find-none = No matches in this time range
find-none-text = Choose a longer time range above, or change the search. A value must match as a whole and exactly.
find-failed = The search stopped before it was complete
find-lost = The connection to the server was lost.
find-script = Searching on this page needs JavaScript. Without JavaScript, use the API: /api/v1/search?q=order.id=12345
find-span = Operation or span
find-matched = Matched by
find-form-key = the attribute has exactly this value
find-form-value = some attribute has exactly this value
find-form-quoted = a value with spaces
find-form-any = the attribute exists, with any value
find-form-status = the HTTP response status
find-wrong-empty = Enter a search term
find-wrong-quote = A quotation mark is missing
find-wrong-value = A value is missing. Write * for any value or "" for an empty value
find-wrong-many = Use at most eight terms
