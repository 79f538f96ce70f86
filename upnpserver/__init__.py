"""A DLNA/UPnP AV media server that never leaves the house."""

__version__ = "0.1.0"
