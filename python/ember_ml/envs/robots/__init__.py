"""Robots in the native loop: physics by the installed `mujoco`, everything else in the core.

`locomotion`: gymnasium's tasks. `decorator`: the user's own model and functions.
"""
