# Pages that say what went wrong.

failure-not-found-title = There is no such page
failure-not-found-text = The address may be misspelt, or what it named is no longer kept. Search for a trace id or a service above, or begin at the services.
failure-address-title = A part of this address makes no sense
failure-address-text = The rest of it may be fine: correct the part below, or begin at the services.
failure-busy-title = Too many queries are running
failure-busy-text = The server answers a few at a time, so that receiving data never waits. Try again in a moment.
failure-timeout-title = The query took too long
failure-timeout-text = Choose a shorter time range, or one service, and try again.
failure-too-much-title = The range has too many spans to add up
failure-too-much-text = Choose a shorter time range, or one service, and try again.
failure-store-title = The stored data could not be read
failure-store-text = The server’s log says why: look for “query failed”. What arrives now is still received and kept.
failure-retry = Try again
failure-home = All services
failure-transactions = Transactions
