"""A trained policy for use without this package: one file a format."""
