"""The same seed gives the same run, byte for byte, however SUMO is reached."""

import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from signals.simulation.faults import FaultPlan
from signals.simulation.run import RunRequest, simulate
from sumo_scenarios.catalog import find_scenario

pytestmark = pytest.mark.sumo
FAULTS = FaultPlan(
    share_dead=0.1, share_stuck_on=0.1, share_chatter=0.1, miss=0.2, drop_out=0.05, latency_s=1.0, clock_skew_s=2.0
)


def run(folder, sensing, connection, faults):
    """Lamps, without the comment that has the date, and decisions of a short adaptive run."""
    scenario = replace(find_scenario("isolated"), end_s=180.0, drain_s=60.0)
    files = simulate(
        RunRequest(scenario, "adaptive", 21, folder, sensing=sensing, connection=connection, faults=faults)
    )
    lamps = re.sub(r"<!--.*?-->", "", files.tls_states.read_text(encoding="utf-8"), flags=re.DOTALL)
    return lamps, (folder / "decisions.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("sensing", "faults"), [("ideal", None), ("loops", None), ("video", FAULTS)])
def test_libsumo_and_traci_give_one_trace(tmp_path, sensing, faults):
    """Direct calls in the process and subscriptions over a socket: the same lamps, the same decisions."""
    traces = []
    for connection in ("libsumo", "traci"):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            traces.append(pool.submit(run, tmp_path / connection, sensing, connection, faults).result())
    (lamps, decisions), again = traces
    assert (lamps, decisions) == again
    assert lamps.count("<tlsState") > 180
    assert len(decisions.splitlines()) > 3
