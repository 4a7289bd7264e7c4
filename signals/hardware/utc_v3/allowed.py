"""What a driver may say to a cabinet: the one place that every outgoing message passes.

Anybody on the line could reset a controller, read its password, or load phase orders and plans into it (0F10, 0F15,
0F45, 5F13 to 5F17, 5F2F); an adapter has no need to. What may be said is named here, with the values that it may have,
and everything else raises, whoever wants to send it.
"""

from __future__ import annotations

from signals.hardware.utc_v3 import every_device as common
from signals.hardware.utc_v3 import signal_controller as control
from signals.hardware.utc_v3 import signal_data as kept
from signals.hardware.utc_v3.messages import Info, encode_info
from signals.hardware.utc_v3.profile import MOST_EFFECT_MIN, MOST_EFFECT_S, VendorProfile
from signals.hardware.utc_v3.signal_controller import Step, Strategy

OPTIONAL_SET = 3  # the command set with everything
QUERIES: frozenset[type[Info]] = frozenset(
    {
        common.QueryClock, common.QueryFirmware, common.QuerySupport,
        control.QueryStrategy, control.QueryPosition,
        kept.QueryPhaseOrder, kept.QueryBasics, kept.QueryRunningPlan,
    }
)  # fmt: skip


class NotAllowed(Exception):  # noqa: N818  (reads as the fact it reports)
    """A message that a driver must never send; nothing was sent."""


def encode_allowed(info: Info, profile: VendorProfile, sub_phases: int) -> bytes:
    """The information of a message that may be sent to a controller with so many sub-phases.

    Raises:
        NotAllowed: it may not.
    """
    if type(info) in QUERIES or _is_allowed(info, profile, sub_phases):
        return encode_info(info)
    raise NotAllowed(f"{info} is not among the messages that a driver may send")


def is_command(info: Info) -> bool:
    """Whether a message changes something at the cabinet beyond what it reports."""
    return type(info) not in QUERIES and type(info) is not control.SetReportCycle


def _is_allowed(info: Info, profile: VendorProfile, sub_phases: int) -> bool:
    if type(info) is control.SetReportCycle:
        return info == control.SetReportCycle(control.STEPS, profile.report_cycle)
    if type(info) is control.SetStrategy:
        is_ours = info.strategy == profile.strategy and 1 <= info.effect_min <= MOST_EFFECT_MIN
        return is_ours or info == control.SetStrategy(int(Strategy.TIME_OF_DAY), 0)
    if type(info) is control.GoTo:  # never 0 0 0, never a clearance, never without an end
        steps = {int(Step.GREEN), profile.advance_step}
        return 1 <= info.sub_phase <= sub_phases and info.step in steps and 1 <= info.effect_s <= MOST_EFFECT_S
    if type(info) is common.SetClock:
        return profile.sets_clock
    return info == common.SetCommandSet(OPTIONAL_SET) and profile.may_raise_command_set
