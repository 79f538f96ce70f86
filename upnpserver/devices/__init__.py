"""Device families: how they are recognised and what each needs, as data."""
