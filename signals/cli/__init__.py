"""``changtong signals``: evaluate, simulate, tune, audit and run traffic-signal controllers.

Figures go to standard output, progress and warnings to standard error. Exit code 1: the request could not
be carried out; 2: it was, and signals were found unsafe.
"""

from __future__ import annotations

from cyclopts import App

from signals.cli.before_after import pittsburgh
from signals.cli.evaluate import evaluate
from signals.cli.recordings import audit, diagram
from signals.cli.roadside import emulate, run
from signals.cli.simulate import scenarios, simulate
from signals.cli.tune import tune

app = App(
    name="signals",
    help_format="markdown",
    help="""Evaluate, tune, run and audit traffic-signal controllers in SUMO.

Start with `changtong signals scenarios`, then `changtong signals evaluate corridor --seeds 5`.""",
)

for command in (evaluate, pittsburgh, scenarios, simulate, tune, audit, diagram, run, emulate):
    app.command(command)
