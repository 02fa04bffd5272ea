"""``python -m ember_ml`` is the program ``ember-ml``."""

import sys

from ember_ml.cli import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m ember_ml"))
