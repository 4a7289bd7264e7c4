"""How a roadside unit is handed a message: the Immediate Forward text of RSU 4.1, and the objects of NTCIP 1218.

The text is one `Key=value` a line in a UDP datagram to port 1516 (USDOT RSU specification 4.1, appendix C; the values
are those that V2X-Hub is configured with). The unit signs nothing that says ``Signature=False``: where vehicles are to
trust the message, whoever runs the unit has to have it signed. NTCIP 1218 wants SNMPv3 with authentication and privacy.
"""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.j2735.frame import MOST_BYTES, MangledMessage

IMMEDIATE_FORWARD_PORT = 1516
MOST_TEXT_BYTES = 2 * MOST_BYTES + 1000
PSID_SIGNALS, PSID_TRAVELLER_INFORMATION = 0x8002, 0x8003  # SPaT, MAP and SSM share the first
_VERSION = "0.7"
_MOST_PSID = 0x1020407F  # the largest in four octets of PER (IEEE 1609.12)
_MOST_PRIORITY, _MOST_CHANNEL, _MOST_INTERVAL_S = 7, 200, 86_400

RSU = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 18)
MAX_FORWARDS = (*RSU, 4, 1)
_FORWARD = (*RSU, 4, 2, 1)
FORWARD_INDEX, FORWARD_PSID, FORWARD_CHANNEL, FORWARD_ENABLE = ((*_FORWARD, column) for column in (1, 2, 3, 4))
FORWARD_STATUS, FORWARD_PRIORITY, FORWARD_OPTIONS, FORWARD_PAYLOAD = ((*_FORWARD, column) for column in (5, 6, 7, 8))
RSU_ID, RSU_MODE = (*RSU, 13, 4), (*RSU, 16, 2)
STANDBY_MODE, OPERATE_MODE = 2, 3
ROW_CREATE, ROW_DESTROY = 4, 6


@dataclass(frozen=True, slots=True)
class ImmediateForward:
    """What to send, and how. ``kind`` is the message's name, ``payload`` its MessageFrame; ``interval_s`` 0: once."""

    kind: str
    payload: bytes
    psid: int = PSID_SIGNALS
    priority: int = 7
    mode: str = "CONT"
    channel: int = 183
    interval_s: int = 0
    is_signed: bool = False
    is_encrypted: bool = False

    def __post_init__(self) -> None:
        """Refuse what would break the text.

        Raises:
            ValueError: a word that is none, a number out of its range, or a payload that is empty or too long.
        """
        for word in (self.kind, self.mode):
            if not (word.isascii() and word.isalnum() and len(word) <= 16):
                raise ValueError(f"{word!r} is no word of up to 16 letters and digits")
        if not 1 <= len(self.payload) <= MOST_BYTES:
            raise ValueError(f"a payload of {len(self.payload)} bytes; 1 to {MOST_BYTES} may be forwarded")
        bounds = {
            "psid": (self.psid, _MOST_PSID),
            "priority": (self.priority, _MOST_PRIORITY),
            "channel": (self.channel, _MOST_CHANNEL),
            "interval_s": (self.interval_s, _MOST_INTERVAL_S),
        }
        for name, (value, most) in bounds.items():
            if not 0 <= value <= most:
                raise ValueError(f"{name} is {value}; it has to be 0 to {most}")


def encode_forward(message: ImmediateForward) -> bytes:
    """The datagram."""
    lines = {
        "Version": _VERSION,
        "Type": message.kind,
        "PSID": f"0x{message.psid:X}",
        "Priority": str(message.priority),
        "TxMode": message.mode,
        "TxChannel": str(message.channel),
        "TxInterval": str(message.interval_s),
        "DeliveryStart": "",
        "DeliveryStop": "",
        "Signature": str(message.is_signed),
        "Encryption": str(message.is_encrypted),
        "Payload": message.payload.hex().upper(),
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode("ascii")


def parse_forward(data: bytes) -> ImmediateForward:
    """What a datagram wants sent; keys in any case and order, blank lines and unknown keys are passed over.

    Raises:
        MangledMessage: it is no such text.
    """
    if len(data) > MOST_TEXT_BYTES:
        raise MangledMessage(f"{len(data)} bytes are too many for an Immediate Forward text")
    try:
        found = _split(data.decode("ascii"))
        return ImmediateForward(
            kind=found["type"],
            payload=bytes.fromhex(found["payload"]),
            psid=_to_number(found["psid"]),
            priority=_to_number(found["priority"]),
            mode=found["txmode"],
            channel=_to_number(found["txchannel"]),
            interval_s=_to_number(found.get("txinterval") or "0"),
            is_signed=_to_bool(found.get("signature", "false")),
            is_encrypted=_to_bool(found.get("encryption", "false")),
        )
    except KeyError as error:
        raise MangledMessage(f"an Immediate Forward text without {error.args[0]!r}") from error
    except ValueError as error:  # UnicodeDecodeError is one
        raise MangledMessage(f"no Immediate Forward text: {error}") from error


def _split(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"{line[:40]!r} is no key and value")
        if key.strip().lower() in found:
            raise ValueError(f"{key.strip()[:40]!r} comes twice")
        found[key.strip().lower()] = value.strip()
    return found


def _to_number(text: str) -> int:
    if len(text) > 12:
        raise ValueError(f"{text[:12]!r}... is no number")
    return int(text, 16) if text.lower().startswith("0x") else int(text)


def _to_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text[:12]!r} is neither True nor False")
    return text.lower() == "true"
