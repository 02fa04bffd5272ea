"""The documentation site: `sphinx-build -W -b html docs build/site` (extra ``docs``)."""

import sys
from pathlib import Path

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
exclude_patterns = ["_ext", "_tutorial"]

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
html_copy_source = False
html_show_sphinx = False
