# Top bar, rail and menus.

shell-skip = Skip to content
shell-home = Hinomi, health of all services
shell-theme = Light or dark
shell-language = Language
shell-pages = Pages
shell-demo = Simulated traffic
nav-health = Health
nav-hitmap = Hitmap
nav-transactions = Transactions
nav-statistics = Statistics
nav-map = Map
nav-partners = Partners
env = env
env-all = all
service = service
search = Search
search-hint = Trace id, service, order.id=12345…
range = Time range
range-previous = Window before
range-next = Window after
range-from = From
range-to = To
range-apply = Show this range
range-forms = now-15m, 2026-11-22 14:05 ({ $zone }), RFC 3339 or Unix milliseconds
range-to-now = Back to live
range-again = Ask again
range-last-seconds = Last { $count } s
range-last-minutes = Last { $count } min
range-last-hours = Last { $count } h
range-last-days = Last { $count } d
range-last-weeks = Last { $count } w
live-live = Live
live-reconnecting = Reconnecting
live-stale = Stale { $seconds } s
live-paused = Paused
