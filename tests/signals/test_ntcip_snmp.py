"""SNMP messages: known bytes, any message there and back, any bytes survived."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.ber import MangledPacket
from signals.hardware.ntcip1202.snmp import (
    MOST_BINDINGS,
    Binding,
    Kind,
    Packet,
    Version,
    bind,
    decode_packet,
    encode_get,
    encode_packet,
    find,
)

SYS_DESCR = (1, 3, 6, 1, 2, 1, 1, 1, 0)
FORCE_OFF = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 1, 1, 5, 1, 5, 1)
GET = bytes.fromhex(
    "30 26 02 01 00 04 06 70 75 62 6C 69 63 A0 19 02 01 01 02 01 00 02 01 00 30 0E 30 0C 06 08 2B 06 01 02 01 01 01 00 05 00"
)
SET = bytes.fromhex(
    "30 30 02 01 00 04 06 70 75 62 6C 69 63 A3 23 02 02 00 80 02 01 00 02 01 00 "
    "30 17 30 15 06 0F 2B 06 01 04 01 89 36 04 02 01 01 05 01 05 01 02 02 00 88"
)


def test_known_messages_are_written_and_read_byte_for_byte():
    """A GET of sysDescr, and a SET of the second group's force-offs to 136, a number that needs a leading zero."""
    get = Packet(Version.V1, b"public", Kind.GET, 1, (bind(SYS_DESCR),))
    assert encode_packet(get) == encode_get([ber.write_oid(SYS_DESCR)], 1) == GET
    assert decode_packet(GET) == get
    put = Packet(Version.V1, b"public", Kind.SET, 128, (bind(FORCE_OFF, 136),))
    assert encode_packet(put).hex(" ") == SET.hex(" ")
    assert decode_packet(SET) == put
    assert decode_packet(SET).bindings[0].oid == FORCE_OFF
    assert find(put.bindings, ber.write_oid(FORCE_OFF)) == 136
    assert find(put.bindings, ber.write_oid(SYS_DESCR)) is None


SUB_IDS = st.integers(0, 2**32 - 1)
OIDS = st.tuples(st.integers(0, 1), st.integers(0, 39), st.lists(SUB_IDS, max_size=20)) | st.tuples(
    st.just(2), st.integers(0, 2**32 - 81), st.lists(SUB_IDS, max_size=20)
)
NAMES = OIDS.map(lambda parts: (parts[0], parts[1], *parts[2]))
VALUES = st.one_of(
    st.tuples(st.integers(-(2**31), 2**31 - 1), st.just(ber.INTEGER)),
    st.tuples(st.integers(0, 2**32 - 1), st.sampled_from([ber.COUNTER32, ber.GAUGE32, ber.TIME_TICKS])),
    st.tuples(st.integers(0, 2**64 - 1), st.just(ber.COUNTER64)),
    st.tuples(st.binary(max_size=300), st.just(ber.OCTETS)),
    st.tuples(st.binary(min_size=4, max_size=4), st.just(ber.IP_ADDRESS)),
    st.tuples(NAMES, st.just(ber.OID)),
    st.tuples(st.none(), st.sampled_from([ber.NULL, ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_VIEW])),
)
BINDINGS = st.tuples(NAMES, VALUES).map(lambda parts: bind(parts[0], parts[1][0], parts[1][1]))
PACKETS = st.builds(
    Packet,
    st.sampled_from(Version),
    st.binary(max_size=40),
    st.sampled_from(Kind),
    st.integers(0, 2**31 - 1),
    st.lists(BINDINGS, max_size=20).map(tuple),
    st.integers(0, 18),
    st.integers(0, 20),
)


@settings(deadline=None, max_examples=300)
@given(PACKETS)
def test_any_message_comes_back(packet):
    """Whatever SNMP can carry is read as it was meant, and names keep their numbers."""
    data = encode_packet(packet)
    assert decode_packet(data) == packet
    assert encode_packet(decode_packet(data)) == data


@given(NAMES)
def test_any_name_comes_back(oid):
    """From the shortest to sub-identifiers of 32 bits."""
    assert Binding(ber.write_oid(oid)).oid == oid


@settings(deadline=None, max_examples=500)
@given(st.binary(max_size=120))
def test_no_bytes_do_harm(data):
    """A message, or an error; nothing else, and nothing hangs."""
    try:
        packet = decode_packet(data)
    except MangledPacket:
        return
    decode_packet(encode_packet(replace(packet, request=abs(packet.request) % 2**31)))


@settings(deadline=None, max_examples=300)
@given(PACKETS, st.data())
def test_a_message_cut_short_or_changed_does_no_harm(packet, data):
    """Any beginning of a message is refused; any changed byte gives a message or an error."""
    whole = encode_packet(packet)
    with pytest.raises(MangledPacket):
        decode_packet(whole[: data.draw(st.integers(0, len(whole) - 1))])
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_packet(bytes(changed))
    except MangledPacket:
        return


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30 80 00 00", "a length of 0 bytes"),
        ("30 84 00 00 00 02 02 01", "a length of 4 bytes"),
        ("30 05 02 01 00 04 06", "6 bytes from byte 7 on, and 0 are there"),
        ("31 00", "no SNMP message"),
        ("30 03 02 01 00 FF", "5 of 6 bytes"),
        ("30 07 02 01 00 04 00 A5 00", "tag 0xa5"),
        ("30 0F 02 0A 01 01 01 01 01 01 01 01 01 01 04 00 A0", "a number of 10 bytes"),
    ],
)
def test_what_is_no_message_says_why(text, words):
    """Indefinite and absurd lengths, other tags, bytes left over."""
    with pytest.raises(MangledPacket, match=words):
        decode_packet(bytes.fromhex(text))


def test_what_cannot_be_sent_is_refused():
    """Names that are none, counters below zero, more bindings than a packet has; an enumeration's member is a number."""
    assert bind(SYS_DESCR, objects.FlashStatus.MMU).tag == ber.INTEGER
    with pytest.raises(ValueError, match="cannot be sent as 0x02"):
        encode_packet(Packet(0, b"", Kind.SET, 1, (bind(SYS_DESCR, 2**31),)))
    for oid in ((1,), (3, 1), (1, 40), (1, 3, -1), (1, 3, 2**32)):
        with pytest.raises(ValueError, match="no object identifier"):
            bind(oid)
    with pytest.raises(ValueError, match="cannot be sent as 0x42"):
        encode_packet(Packet(0, b"", Kind.SET, 1, (bind(SYS_DESCR, -1, ber.GAUGE32),)))
    with pytest.raises(ValueError, match="257 bindings"):
        encode_packet(Packet(0, b"", Kind.GET, 1, (bind(SYS_DESCR),) * (MOST_BINDINGS + 1)))


@given(st.frozensets(st.integers(1, 32)))
def test_groups_of_eight_have_the_first_in_bit_0(items):
    """Phases and detectors as masks, and back."""
    masks = objects.to_masks(items, 4)
    assert objects.to_items(masks) == items
    assert all(masks[(item - 1) // 8] >> (item - 1) % 8 & 1 for item in items)
    with pytest.raises(ValueError, match="item 33"):
        objects.to_masks([33], 4)


def test_names_are_those_of_the_standard():
    """A few that are known from elsewhere, a maker's own way of writing scalars, and what is never set."""
    assert ".".join(map(str, objects.GREENS.at(1))) == "1.3.6.1.4.1.1206.4.2.1.1.4.1.4.1"
    assert ".".join(map(str, objects.SYSTEM_PATTERN.at())) == "1.3.6.1.4.1.1206.4.2.1.4.14.0"
    odd = objects.Profile(other={objects.BACKUP_TIME_S: ()})
    assert odd.name(objects.BACKUP_TIME_S) == objects.BACKUP_TIME_S.path
    assert odd.name(objects.CONTROL_STATUS)[-1] == 0
    assert all(objects.may_set(column.at(1)) for column in objects.PHASE_CONTROLS)
    never = (
        objects.PHASE_YELLOW_DS.at(2),
        objects.BACKUP_TIME_S.at(),
        (*objects.ASC, 7, 5, 1, 8, 1),
        (*objects.ASC, 11, 2, 0),
    )
    assert not any(objects.may_set(name) or objects.may_set(list(name)) for name in never)
