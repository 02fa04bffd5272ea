"""Modules written in torch as policies. Only what is given one imports torch."""
