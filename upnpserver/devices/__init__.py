"""What is known of devices: how each is recognised, and how it wants to be answered.

The *.toml files here are all of it; code only reads them. A person's own files
(devices.d beside the configuration) are written the same way. One table a family:

    [samsung-q]                       its id, for configuration and lists
    name = "Samsung Q and QN series"
    kind = "tv"                       tv, bdp, console, avr, player, renderer, stb;
                                      app, os: one program of several at an address;
                                      generic: tells no maker
    priority = 775                    the highest one that matches holds
    match = [{ ua = "Samsung Q" }]    any of these; in one, every key must be found
    shared = true                     others send this too: what is known of the
                                      address goes first
    like = "samsung-cdefj"            takes that family's needs, and changes them
    reason, sure, evidence            why, how sure (high, medium, low), who knows it
    [samsung-q.use]                   fields of upnpserver.policy.Needs

Keys of match are SIGNALS below; their values are regular expressions (Python's),
found anywhere in the value, upper or lower case. No match: only by configuration.
"""
