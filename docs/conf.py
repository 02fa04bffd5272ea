"""The documentation site: `sphinx-build -W -b html docs build/site` (extra ``docs``)."""

import re
import sys
from pathlib import Path
from typing import Any

import ember_ml

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Ember ML"
copyright = "the authors of Ember ML"
release = version = ember_ml.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "notebook",
    "outside",
    "shell",
]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
root_doc = "index"
exclude_patterns = ["_ext", "_tutorial", "**/settings.py", "**/__pycache__"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# What cannot be imported everywhere: its docstrings are not in the site, its functions are.
autodoc_mock_imports = ["torch", "mlx"]
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = "Ember ML"
html_static_path: list[str] = []
# The page that trains, where the core was compiled for it (cpp/browser/build.sh).
html_extra_path = ["browser"] if (Path(__file__).parent / "browser" / "ember.js").exists() else []
html_copy_source = False
html_show_sphinx = False


def _others(app: Any, name: str, source: list[str]) -> None:
    """Puts pages that the first page does not name in place of its line `others`: none needs a line there."""
    if name == "index":
        pages = sorted(path.stem for path in Path(app.srcdir).glob("*.md") if path.stem != "index")
        named = set(re.findall(r"^\S+$", source[0], re.M))
        rest = "".join(f"{page}\n" for page in pages if page not in named)
        source[0] = source[0].replace("\nothers\n", f"\n{rest}")


def _trains(app: Any, name: str, source: list[str]) -> None:
    """Puts the page that trains where the first one says so."""
    if name == "index":
        page = _FRAME if html_extra_path and app.builder.format == "html" else ""
        source[0] = source[0].replace("% here it trains", page)


_FRAME = """Here the core, compiled to WebAssembly, trains a policy in this page:

```{raw} html
<iframe src="train.html" title="a training in this page" loading="lazy"
  style="width:100%;height:44rem;border:0" onload="this.style.height =
  this.contentDocument.body.offsetHeight + 24 + 'px'"></iframe>
```
"""


def setup(app: Any) -> None:
    app.connect("source-read", _trains)
    app.connect("source-read", _others)
