"""``changtong signals``: evaluate, simulate, tune, audit and run traffic-signal controllers.

Figures go to standard output, progress and warnings to standard error. Exit code 1: the request could not
be carried out; 2: it was, and signals were found unsafe, a log or a configuration not whole, or a wish was refused.
"""

from __future__ import annotations

from cyclopts import App

from signals.cli.before_after import pittsburgh
from signals.cli.evaluate import evaluate
from signals.cli.recordings import audit, diagram
from signals.cli.rig import rig
from signals.cli.roadside import emulate, run
from signals.cli.safekeeping import audit_verify, disarm, level, note, sign_config, status, verify_config
from signals.cli.simulate import scenarios, simulate
from signals.cli.tune import tune

app = App(
    name="signals",
    help_format="markdown",
    help="""Evaluate, tune, run and audit traffic-signal controllers in SUMO.

Start with `changtong signals scenarios`, then `changtong signals evaluate corridor --seeds 5`.""",
)

audit_app = App(name="audit", help_format="markdown")
audit_app.default(audit)
audit_app.command(audit_verify, name="verify")

for command in (evaluate, pittsburgh, scenarios, simulate, tune, audit_app, diagram, run, emulate, rig):
    app.command(command)
for kept_safe in (status, level, disarm, note, sign_config, verify_config):
    app.command(kept_safe)
