"""A training as data: what was set up, how it stands, and how it stood at one moment."""
