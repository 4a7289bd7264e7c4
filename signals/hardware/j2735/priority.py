"""Signal requests of vehicles in, their status out: SRM and SSM of SAE J2735 as neutral requests and answers.

A request names a lane, an approach or a connection of our MAP (``LaneNumbers``) and when the vehicle expects to be at
the stop line: `minute` of the year and `second` (milliseconds of the minute), which `duration` (ms) extends. What the
message does not tell stays untold. Nothing here believes a sender: whether a signature was checked is for the caller to
say, role and lane are what somebody claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signals.hardware.j2735.frame import MangledMessage, MessageId, decode, encode
from signals.hardware.j2735.map_message import LaneNumbers
from signals.hardware.j2735.marks import UNKNOWN_MINUTE, UNKNOWN_MS, to_minute_of_year, to_moment, to_ms_of_minute
from signals.hardware.j2735.spat import IntersectionName, to_reference
from signals.priority import PriorityAnswer, PriorityClass, PriorityRequest, RequestKind, Standing

MOST_ANSWERS = 32  # SignalStatusPackageList
_KINDS = {
    "priorityRequest": RequestKind.NEW,
    "priorityRequestUpdate": RequestKind.UPDATE,
    "priorityCancellation": RequestKind.CANCEL,
}
_CLASSES = {
    **dict.fromkeys(("publicTransport", "transit"), PriorityClass.TRANSIT),
    **dict.fromkeys(("emergency", "fire", "ambulance", "police", "roadRescue"), PriorityClass.EMERGENCY),
    **dict.fromkeys(("truck", "specialTransport"), PriorityClass.FREIGHT),
}
_STANDINGS = {
    Standing.RECEIVED: "requested",
    Standing.CONSIDERED: "processing",
    Standing.GRANTED: "granted",
    Standing.REJECTED: "rejected",
    Standing.OVERSTAYED: "maxPresence",
    Standing.LOCKED: "reserviceLocked",
}
_ENTITY, _STATION = "entity:", "station:"


@dataclass(frozen=True, slots=True)
class Receipt:
    """When a message came: ``at`` by the calendar, ``now_s`` by the monotonic clock. ``is_proven``: its signature was
    checked, and its sender may ask.
    """

    at: datetime
    now_s: float
    is_proven: bool = False


def decode_requests(
    data: bytes, name: IntersectionName, numbers: LaneNumbers, receipt: Receipt
) -> tuple[PriorityRequest, ...]:
    """What a MessageFrame with an SRM asks of this intersection; nothing where it asks others.

    A request from a lane that we do not have has no entries, which no book takes, so that it can be answered.

    Raises:
        MangledMessage: it is no SRM, whatever it is.
        ValueError: the receipt has no time zone.
    """
    if receipt.at.tzinfo is None:
        raise ValueError(f"{receipt.at} has no time zone; J2735 wants UTC")
    content = decode(data, MessageId.SIGNAL_REQUEST)
    try:
        packages = [p for p in content.get("requests", ()) if _is_for(p["request"]["id"], name)]
        return tuple(
            _to_request(package, content, numbers, receipt)
            for package in packages
            if package["request"]["requestType"] in _KINDS
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise MangledMessage(f"a SignalRequestMessage that cannot be: {type(error).__name__}: {error}") from error


def encode_answers(
    answers: Iterable[PriorityAnswer], name: IntersectionName, numbers: LaneNumbers, at: datetime, sequence: int
) -> bytes:
    """A MessageFrame with the SSM of one intersection. ``sequence`` changes, modulo 128, when an answer does.

    Raises:
        ValueError: no answer or more than ``MOST_ANSWERS``, a vehicle that no SRM named, or a moment without a zone.
    """
    packages = [_to_package(answer, numbers) for answer in answers]
    if not 1 <= len(packages) <= MOST_ANSWERS:
        raise ValueError(f"{len(packages)} answers; a message has 1 to {MOST_ANSWERS}")
    status = {"sequenceNumber": sequence, "id": to_reference(name), "sigStatus": packages}
    content = {"timeStamp": to_minute_of_year(at), "second": to_ms_of_minute(at), "status": [status]}
    return encode(MessageId.SIGNAL_STATUS, content)


def _is_for(reference: Mapping[str, int], name: IntersectionName) -> bool:
    """Whether this intersection is meant; a region that one of the two does not tell is not compared."""
    region = reference.get("region", 0)
    return reference["id"] == name.number and (not region or not name.region or region == name.region)


def _to_request(
    package: Mapping[str, Any], content: Mapping[str, Any], numbers: LaneNumbers, receipt: Receipt
) -> PriorityRequest:
    request, requestor = package["request"], content["requestor"]
    earliest_s, latest_s = _find_arrival(package, receipt)
    exits = numbers.find_exits(*request["outBoundLane"]) if "outBoundLane" in request else frozenset()
    return PriorityRequest(
        vehicle=_name_vehicle(requestor["id"]),
        number=int(request["requestID"]),
        kind=_KINDS[request["requestType"]],
        entries=numbers.find_entries(*request["inBoundLane"]),
        exits=exits,
        earliest_s=earliest_s,
        latest_s=latest_s,
        priority=_CLASSES.get(requestor.get("type", {}).get("role", ""), PriorityClass.ORDINARY),
        sequence=int(content.get("sequenceNumber", 0)),
        is_proven=receipt.is_proven,
    )


def _find_arrival(package: Mapping[str, Any], receipt: Receipt) -> tuple[float | None, float | None]:
    """From when to when the vehicle expects to arrive, monotonic seconds. Only a minute is all of the minute."""
    minute, ms = package.get("minute", UNKNOWN_MINUTE), package.get("second", UNKNOWN_MS)
    duration = package.get("duration", 0)
    window_s = 0.0 if duration == UNKNOWN_MS else duration / 1000.0
    is_whole_minute = ms == UNKNOWN_MS
    arrival = to_moment(minute, 0 if is_whole_minute else ms, receipt.at)
    if arrival is None:
        return None, None
    earliest_s = receipt.now_s + (arrival - receipt.at).total_seconds()
    return earliest_s, earliest_s + window_s + (60.0 if is_whole_minute else 0.0)


def _name_vehicle(identity: tuple[str, Any]) -> str:
    kind, value = identity
    return f"{_ENTITY}{value.hex()}" if kind == "entityID" else f"{_STATION}{int(value)}"


def _to_package(answer: PriorityAnswer, numbers: LaneNumbers) -> dict[str, Any]:
    request = answer.request
    requester = {"id": _to_identity(request.vehicle), "request": request.number, "sequenceNumber": request.sequence}
    package: dict[str, Any] = {
        "requester": requester,
        "inboundOn": _to_inbound(request.entries, numbers),
        "status": _STANDINGS[answer.standing],
    }
    if len(request.exits) == 1:
        package["outboundOn"] = ("lane", numbers.of_exit(*request.exits))
    return package


def _to_inbound(entries: frozenset[int], numbers: LaneNumbers) -> tuple[str, int]:
    """The lane or the approach; lane 0, which is none, for a request from a place that is none."""
    if len(entries) == 1:
        return "lane", numbers.of_entry(*entries)
    for number, approach in enumerate(numbers.intersection.approaches, 1):
        if frozenset(approach.lanes) == entries:
            return "approach", number
    return "lane", 0


def _to_identity(vehicle: str) -> tuple[str, Any]:
    if vehicle.startswith(_ENTITY):
        return "entityID", bytes.fromhex(vehicle.removeprefix(_ENTITY))
    if vehicle.startswith(_STATION):
        return "stationID", int(vehicle.removeprefix(_STATION))
    raise ValueError(f"{vehicle[:40]!r} is no vehicle that an SRM named")
