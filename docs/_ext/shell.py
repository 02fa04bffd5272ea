"""The directive `help`: what each command of the program says of itself."""

from __future__ import annotations

import argparse
import os
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from ember_ml.cli.program import make_parser


class Help(Directive):
    def run(self) -> list[nodes.Node]:
        os.environ["COLUMNS"] = "100"
        parser = make_parser()
        commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices
        found: list[nodes.Node] = []
        for name, sub in commands.items():
            section = nodes.section(ids=[f"ember-ml-{name}"], names=[f"ember-ml {name}"])
            text = sub.format_help()
            section += [
                nodes.title(text=f"ember-ml {name}"),
                nodes.literal_block(text, text, language="text"),
            ]
            found.append(section)
        return found


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("help", Help)
    return {"parallel_read_safe": True}
