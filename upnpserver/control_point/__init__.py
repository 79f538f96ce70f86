"""A small control point: any MediaServer and MediaRenderer of the house, tried by hand.

For the command line only; the server itself asks no other device for anything.

place       where a device says it is; only addresses, no names. pure
elements    XML of others as small trees, bounded. pure
described   a device description: what there is to call. pure
calls       SOAP from the asker's side. pure
objects     DIDL-Lite as read by one who browses. pure
reply       an HTTP answer, as it comes in. pure
told        what is printed. pure
exchange    one HTTP request over one connection
searching   SSDP searches, and who answers them
point       browse, search, play: the parts above, joined
"""
