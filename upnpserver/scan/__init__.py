"""The scanner process: the only writer of the catalog."""
