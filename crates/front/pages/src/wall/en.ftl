# Wall mode.

wall-title = Wall mode
wall-open = Wall
wall-lead = Screens without menus for a wall display. They refresh, rotate, and reconnect automatically after the server was unavailable.
wall-screens = Screens
wall-all = Hitmap, all services
wall-hitmap = { $service }, hitmap
wall-every = Show each for
wall-seconds = { $count } s
wall-stay = no rotation
wall-size = Size
wall-start = Start
wall-keys = Space pauses, → and ← change the screen, F shows full screen. The URL contains these settings: bookmark it on the display.
wall-screen = Current screen
wall-reconnecting = The server does not respond. The screen shows the last data received.
wall-controls = Wall controls
wall-pause = Pause
wall-next = Next
wall-full = Full screen
wall-leave = Choose screens
