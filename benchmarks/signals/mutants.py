"""Mutation testing of the guard where mutmut does not look: the constants of ``signals/safety``, doubled and halved.

mutmut changes what stands in functions. How long a command lives, what skew is allowed, when a restart is forgiven
stands above them. Each constant is changed alone, in a tree of links beside the checkout's own files, and the claims of
``[tool.mutmut]`` are tried until the first that fails:

    python -m benchmarks.signals.mutants
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAFETY = Path("signals/safety")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One file of ``signals/safety`` with one constant changed; ``name`` says which and to what."""

    name: str
    path: Path
    text: str


def list_mutants() -> Iterator[Mutant]:
    """Every number that a module names, twice and half."""
    for path in sorted((ROOT / SAFETY).glob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
                continue
            number = node.value.value
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            for factor in (2.0, 0.5):
                lines = source.splitlines(keepends=True)
                line, at = lines[node.lineno - 1], node.value.col_offset
                lines[node.lineno - 1] = f"{line[:at]}{number * factor!r}{line[node.value.end_col_offset :]}"
                name = f"{path.name}:{node.lineno} {ast.unparse(node.targets[0])} = {number * factor:g}"
                yield Mutant(name, SAFETY / path.name, "".join(lines))


def link_tree(folder: Path) -> None:
    """The checkout as links, but for ``signals`` and ``signals/safety``, which are folders of their own."""
    for real in (Path(), SAFETY.parent, SAFETY):
        (folder / real).mkdir(exist_ok=True)
        for entry in (ROOT / real).iterdir():
            if entry.name != "__pycache__" and entry not in (ROOT / SAFETY, ROOT / SAFETY.parent):
                (folder / real / entry.name).symlink_to(entry)


def is_killed(mutant: Mutant, arguments: list[str]) -> bool:
    """Whether some claim fails under it. Raises where pytest finds no claims, which is no death."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        link_tree(folder)
        (folder / mutant.path).unlink()
        (folder / mutant.path).write_text(mutant.text, encoding="utf-8")
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", *arguments]
        environment = os.environ | {"PYTHONPATH": name}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode} under {mutant.name}: {done.stdout}{done.stderr}")
    return done.returncode == 1


def main() -> int:
    """Print each mutant and its fate; 1 where one survived."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    arguments = [*options["pytest_add_cli_args"], *options["pytest_add_cli_args_test_selection"]]
    unchanged = Mutant("nothing changed", SAFETY / "guard.py", (ROOT / SAFETY / "guard.py").read_text(encoding="utf-8"))
    if is_killed(unchanged, arguments):
        sys.stderr.write("The claims do not hold as it is; a mutant would prove nothing.\n")
        return 2
    survivors = 0
    for mutant in list_mutants():
        killed = is_killed(mutant, arguments)
        survivors += not killed
        print(f"{'killed  ' if killed else 'SURVIVED'}  {mutant.name}", flush=True)
    return min(survivors, 1)


if __name__ == "__main__":
    sys.exit(main())
