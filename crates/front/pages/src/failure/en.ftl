# Pages that say what went wrong.

failure-unknown-title = You are not signed in
failure-unknown-text = The server does not know who asks for this page. Sign in and try again.
failure-not-found-title = Page not found
failure-not-found-text = The address may be misspelled, or the data may be past its retention. Search for a trace id or a service above, or start from the list of services.
failure-address-title = Unknown value in this link
failure-address-text = Correct the value shown below, or start from the list of services.
failure-busy-title = Too many queries are running
failure-busy-text = The server limits how many queries run at once, so that receiving data never has to wait. Try again in a moment.
failure-timeout-title = The query took too long
failure-timeout-text = Choose a shorter time range or a single service, and try again.
failure-too-much-title = This range has too many spans to add up
failure-too-much-text = Choose a shorter time range or a single service, and try again.
failure-store-title = The stored data could not be read
failure-store-text = The cause is in the server log: look for “query failed”. New data is still received and stored.
failure-retry = Try again
failure-home = All services
failure-transactions = Transactions
