# Wall mode.

wall-title = Wall mode
wall-open = Wall
wall-lead = Screens without menus for a display on the wall. They keep themselves fresh, rotate, and come back by themselves when the server was away.
wall-screens = Screens
wall-all = Hitmap, all services
wall-hitmap = { $service }, hitmap
wall-every = Each stays for
wall-seconds = { $count } s
wall-stay = ever
wall-size = Size
wall-start = Start
wall-keys = Space pauses, → and ← change the screen, F fills the display. The address is the wall: bookmark it for the display.
wall-screen = The screen that is shown
wall-reconnecting = The server does not answer. This is the last it showed.
wall-controls = Wall controls
wall-pause = Pause
wall-next = Next
wall-full = Full screen
wall-leave = Choose screens
