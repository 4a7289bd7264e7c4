"""What one maker's controllers need to be spoken to: version, communities, names, times, phases.

Secrets are given, never found, and do not show when a profile is printed. SNMPv1 and v2c send them in clear (RFC 3584);
whoever uses them needs a network that nobody else is on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from signals.hardware.ntcip1202.objects import BACKUP_TIME_S, FREE_PATTERN, Profile
from signals.hardware.ntcip1202.phases import PhaseTable
from signals.hardware.ntcip1202.snmp import Version


@dataclass(frozen=True, slots=True, eq=False)
class NtcipProfile:
    """How to talk to one controller.

    ``pattern``: what systemPatternControl is set to while we command: free, or a long pattern of the bureau's.
    ``preempts``: how many preemptions are watched; those in ``rail_preempts`` are trains. ``patience_s``: how long an
    advance may take to end a green before it counts as refused. ``most_bindings``: of one packet. ``table``: phases
    that an engineer gives; else they are derived from the plan.
    """

    version: Version = Version.V1
    read_community: bytes = field(default=b"public", repr=False)
    write_community: bytes = field(default=b"private", repr=False)
    objects: Profile = field(default_factory=Profile)
    pattern: int = FREE_PATTERN
    preempts: int = 2
    rail_preempts: frozenset[int] = frozenset({1})
    poll_period_s: float = 1.0
    timeout_s: float = 0.8
    patience_s: float = 4.0
    database_period_s: float = 30.0
    most_bindings: int = 40
    longest_backup_s: int = 10
    most_skew_s: float = 2.0
    can_skip: bool = True
    table: PhaseTable | None = None

    def __post_init__(self) -> None:
        times_s = (self.poll_period_s, self.timeout_s, self.patience_s, self.database_period_s)
        if min(times_s) <= 0.0 or not 8 <= self.most_bindings <= 128 or not 0 <= self.preempts <= 16:
            raise ValueError(f"{self} cannot be used: times above zero, 8 to 128 bindings, at most 16 preemptions.")
        if not 1 <= self.pattern <= FREE_PATTERN:
            raise ValueError(f"pattern {self.pattern} is none to command under; 1 to 253, or 254 for free.")


# how makers write the instance of unitBackupTime, seen in an open client (MMITSS)
PROFILES = {
    "standard": NtcipProfile(),
    "econolite": NtcipProfile(objects=Profile(other={BACKUP_TIME_S: (1,)})),
    "maxtime": NtcipProfile(objects=Profile(other={BACKUP_TIME_S: ()})),
}


def find_profile(name: str) -> NtcipProfile:
    """A profile by its name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in PROFILES:
        raise ValueError(f"there is no profile {name!r}; there are {', '.join(sorted(PROFILES))}")
    return PROFILES[name]
