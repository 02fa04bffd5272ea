"""One self-contained web page of one training or of several: `write` makes it.

The page asks nothing of a network. Everything that it shows is data in it; its own small scripts draw the
curves and the animation, and build what they show from text alone.
"""
