"""The Twisted shell: sockets, timers and processes; no protocol grammar."""
