# The page with only the hitmap.

map-all-services = Hitmap of all services
side-keys = Keyboard
side-key-axis = finer or coarser axis
side-key-full = log axis: fit to data or full range
side-key-move = move the cell
side-key-extend = with arrows: select more cells
side-key-open = list the transactions
side-key-beside = list them next to the first
side-key-clear = clear the newest selection
