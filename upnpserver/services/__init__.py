"""UPnP actions as pure functions: arguments in, arguments out."""
