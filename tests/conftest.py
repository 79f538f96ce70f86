"""Settings and checks for the whole suite."""
