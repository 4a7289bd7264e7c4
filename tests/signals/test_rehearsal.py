"""What is compiled before a roadside process opens anything is all that its loop will ever need."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
import numpy as np
from pathlib import Path
from numba.core.dispatcher import Dispatcher
from signals.cabinet import Cabinet
from signals.controller import AdaptiveController, LoopController
from signals.detectors.estimator import LoopEstimator
from signals.hardware.loopback import LoopbackDriver
from signals.ports import Capabilities, Detections, Readings
from signals.runtime.intersection_file import load_intersection
from signals.runtime.rehearsal import rehearse

def count():
    kernels = {
        f"{name}.{key}": len(value.signatures)
        for name, module in list(sys.modules.items()) if name.startswith("signals.")
        for key, value in list(vars(module).items()) if isinstance(value, Dispatcher)
    }
    return kernels

found = load_intersection(Path(sys.argv[1]))
rehearse(found, print)
before = count()
random = np.random.default_rng(3)
estimator = LoopEstimator(found.intersection, found.plan, found.detectors)
limited = Capabilities(can_hold=False, can_skip=False)
for capabilities in (Capabilities(), limited):
    maker = AdaptiveController(found.intersection, found.plan, capabilities)
    loops = LoopController(estimator, maker, None, estimator.list_trust)
    cabinet, size = Cabinet(found.plan, capabilities=capabilities), len(found.detectors)
    for second in range(1, 400):
        fresh = random.random(size) < 0.95
        seen = Readings(float(second), random.integers(0, 3, size), random.random(size), np.full(size, np.nan), fresh)
        cabinet.obey(loops.decide(seen, cabinet.read_state()))
        cabinet.tick(1.0)
    exits = len(found.intersection.exits)
    for second in range(1, 200):
        many = int(random.integers(0, 30))
        movement = random.integers(0, len(found.intersection.movements), many)
        seen = Detections(
            float(second), movement, np.sort(random.random(many) * 100), random.random(many) * 10, random.random(many),
            random.integers(0, 5, exits), random.integers(0, 2, exits), random.random(exits),
        )
        cabinet.obey(maker.decide(seen, cabinet.read_state()))
        cabinet.tick(1.0)
print(len(before), sorted(name for name, n in count().items() if n != before.get(name, 0)))
"""


@pytest.mark.timeout(600)  # a cold cache: a minute on a quiet machine, several on a loaded one
def test_no_kernel_is_compiled_after_the_rehearsal():
    """Ten minutes of random traffic, detectors that fail, cabinets that can do less: no kernel that is new."""
    crossing = Path(__file__).parents[2] / "config" / "intersection.toml"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(crossing)], capture_output=True, text=True, check=False, timeout=560
    )
    assert done.returncode == 0, done.stderr
    count, new = done.stdout.strip().splitlines()[-1].split(" ", 1)
    assert int(count) > 20
    assert new == "[]"
