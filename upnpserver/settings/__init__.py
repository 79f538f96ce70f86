"""The TOML file and the command line, read into a Config."""
