"""One file a question of side_by_side.py: `ask(rounds)` gives its rows."""
