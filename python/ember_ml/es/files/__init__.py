"""A training as it stood at one moment, its file, and back."""
