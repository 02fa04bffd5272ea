"""Each Python block of README.md and docs/ runs as printed in a fresh process and reaches what its text says.

The blocks of README and of the site's first page run each alone, and so do those that need a further package;
the others of a document run in order in one process, which the document has to say. A claim is what the text
beside a block promises; it is checked right after the block, in its names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from claims import CLAIMS
from conftest import skip_without
from markdown import DOCUMENTS, ROOT, Block, blocks

#: What the blocks of a document need beyond numpy.
NEEDED = {
    "README.md": ("matplotlib", "PIL", "gymnasium"),
    "guide.md": ("matplotlib", "PIL", "gymnasium", "numba"),
    "index.md": (),
    "memory.md": ("gymnasium",),
    "torch.md": ("torch", "gymnasium"),
    "migrating.md": (),
    "reproducibility.md": (),
    "strategies.md": (),
    "distributed.md": (),
}
#: It wants an account or a server, so a module of its shape stands in for it, as in test_loggers.py.
STAND_IN_FOR_WANDB = """
import types
logged = []
def init(**arguments):
    log = lambda values, step: logged.append(step)
    return types.SimpleNamespace(log=log, finish=lambda: logged.append("finished"), config={})
"""
ALONE = [ROOT / "README.md", ROOT / "docs" / "index.md"]
IN_ONE = [path for path in DOCUMENTS if path not in ALONE]
IN_ORDER = "The Python examples of this page run in order, in one session."


def with_claims(document: str, block: Block) -> str:
    """The code of a block, and behind it the claims whose key is one of its lines."""
    claims = [claim for key, claim in CLAIMS.get(document, {}).items() if key in statements(block)]
    return "\n".join([block.code, *claims])


def statements(block: Block) -> list[str]:
    """Its lines without indentation and comments."""
    return [line.partition("  #")[0].strip() for line in block.code.splitlines()]


def run_fresh(code: str, folder: Path) -> str:
    """Runs code as a script of its own, in `folder`; returns what it printed."""
    script = folder / "blocks.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg", "WANDB_MODE": "offline"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return done.stdout


def runnable(path: Path) -> list[Block]:
    return [block for block in blocks(path, "python") if block.reason is None]


@pytest.mark.parametrize(
    ("path", "block"),
    [(path, block) for path in ALONE for block in runnable(path)],
    ids=lambda part: part.name if isinstance(part, Path) else f"line {part.line}",
)
def test_block_alone(path, block, tmp_path):
    for package in NEEDED[path.name]:
        skip_without(package)
    run_fresh(with_claims(path.name, block), tmp_path)


@pytest.mark.parametrize(
    ("path", "block"),
    [(path, block) for path in IN_ONE for block in runnable(path) if block.package],
    ids=lambda part: part.name if isinstance(part, Path) else part.package,
)
def test_block_with_a_further_package(path, block, tmp_path):
    if block.package == "wandb":
        (tmp_path / "wandb.py").write_text(STAND_IN_FOR_WANDB, encoding="utf-8")
    else:
        skip_without(block.package)
    run_fresh(with_claims(path.name, block), tmp_path)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "path",
    [p for p in IN_ONE if any(not block.package for block in runnable(p))],
    ids=lambda path: path.name,
)
def test_document(path, tmp_path):
    """Its blocks that need no further package."""
    for package in NEEDED[path.name]:
        skip_without(package)
    assert IN_ORDER in path.read_text(encoding="utf-8")
    run_fresh("\n".join(with_claims(path.name, b) for b in runnable(path) if not b.package), tmp_path)


@pytest.mark.parametrize("document", CLAIMS)
def test_each_claim_belongs_to_one_block(document):
    path = next(path for path in DOCUMENTS if path.name == document)
    for key in CLAIMS[document]:
        holders = [block.line for block in runnable(path) if key in statements(block)]
        assert len(holders) == 1, f"{document}: {key!r} stands in the blocks at lines {holders}"


def test_the_reasons_for_blocks_that_are_not_run():
    marked = [(path.name, block) for path in DOCUMENTS for block in blocks(path) if block.reason]
    reasons = {(name, block.language, block.reason) for name, block in marked}
    assert reasons == {
        ("README.md", "bash", "they build and test the package; CI runs them as printed"),
        ("migrating.md", "python", "it is another package's"),
    }


def test_a_block_that_fails_or_warns_is_seen(tmp_path):
    with pytest.raises(AssertionError, match="NameError"):
        run_fresh("print(undefined)", tmp_path)
    with pytest.raises(AssertionError, match="UserWarning"):
        run_fresh("import warnings\nwarnings.warn('look')", tmp_path)
