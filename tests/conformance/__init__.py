"""Checks from the specifications against any UPnP media server, from outside.

Nothing here knows upnpserver's code: a check has an address on the test
network, what SSDP tells, and the media folder that the server was given. The
same checks run against MiniDLNA, Gerbera and Rygel:

    python -m tests.conformance                 all servers that are installed
    python -m tests.conformance --only upnpserver --group "Browse" --verbose

checks.py     what a check is, and the list of all
subject.py    the server under test, as a control point on another host sees it
wire.py       HTTP and SSDP to the last byte
soap.py       envelopes, answers, faults
tree.py       everything that the server lists, walked once
library.py    the media folder, with odd names, and what is known of each file
servers.py    how each server is started
run.py        the runner, report.py its table
groups/       the checks
"""
