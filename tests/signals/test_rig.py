"""The closed loop: SUMO's streets, emulated controllers behind real sockets, the adaptive controller between them."""

import pytest

from signals.rig.closed_loop import run_closed_loop
from signals.rig.rack import Rack
from sumo_scenarios.catalog import find_scenario

pytestmark = pytest.mark.sumo
MINUTES = 4.0


@pytest.mark.parametrize("protocol", ["utc-v3", "ntcip1202"])
def test_a_street_is_led_over_wires(tmp_path, protocol):
    """Every cabinet is taken over and led, its lamps pass the auditor, and the streets are as well served as without."""
    loop = run_closed_loop(find_scenario("corridor"), 21, [protocol], tmp_path, minutes=MINUTES)
    wired, direct = loop.wired, loop.direct
    assert wired.audit.is_safe, wired.audit.violations
    assert direct.audit.is_safe
    assert (wired.cabinets, wired.engaged) == (5, 5)
    assert wired.datagrams > 1000
    assert loop.waiting_ratio < 1.3, "four minutes say little; an hour is in benchmarks/signals"


def test_a_protocol_that_the_rig_has_not_got_is_refused():
    """By name, with those that it has."""
    with pytest.raises(ValueError, match="utc-v3, ntcip1202"):
        Rack(["morse"])
