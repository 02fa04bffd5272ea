"""What a training looks like: its learning curve, several in one axis, one episode drawn and animated.

Drawing needs matplotlib (extra ``plot``), imported when the first picture is made.
"""
