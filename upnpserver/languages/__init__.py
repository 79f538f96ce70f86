"""The household's language: one TOML file for each, and what it says."""
