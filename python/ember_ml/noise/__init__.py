"""The noise and every other keyed random number: `stream` is the definition, `on_torch` and `on_mlx` the same
bits on those arrays.
"""
