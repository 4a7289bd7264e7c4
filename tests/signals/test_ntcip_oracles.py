"""Our SNMP against others': pysnmp's codec, a real snmpsim, pysnmp as a client of our emulated controller."""

import asyncio
import importlib
import os
import random
import socket
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager

import pytest
from ntcip_pair import CLOCK_S, load_place
from pyasn1.codec.ber import encoder

from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.emulator import NtcipEmulator
from signals.hardware.ntcip1202.poll import Question, draw_request, read_head, read_values
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Kind, Packet, Version, bind, decode_packet, encode_packet

with warnings.catch_warnings():  # pysnmp calls pysmi by an old name where that is installed
    warnings.simplefilter("ignore", DeprecationWarning)
    from pysnmp.hlapi.v1arch.asyncio import (
        CommunityData,
        ObjectIdentity,
        ObjectType,
        SnmpDispatcher,
        UdpTransportTarget,
        get_cmd,
        next_cmd,
        set_cmd,
    )
    from pysnmp.proto import api
    from pysnmp.proto.rfc1902 import Integer32

    from signals.hardware.ntcip1202.snmp_v3 import V3Client, V3Error, V3User

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated. Please use .* instead.:DeprecationWarning")
MESSAGES = 1500
SEED = 5


def draw_values(dice, proto, version):
    """Names with values of every kind: theirs, ours, and our tag."""
    found = []
    for _ in range(dice.randrange(14)):
        tail = [dice.randrange(dice.choice([2, 200, 70_000, 2**32])) for _ in range(dice.randrange(1, 8))]
        oid = (*objects.ASC, *tail)
        number, text = dice.randrange(2**32), dice.randbytes(dice.randrange(200))
        gauge = proto.Gauge if version is Version.V1 else proto.Gauge32
        counter = proto.Counter if version is Version.V1 else proto.Counter32
        found.append(
            dice.choice(
                [
                    (oid, proto.Integer(number - 2**31), number - 2**31, ber.INTEGER),
                    (oid, proto.OctetString(text), text, ber.OCTETS),
                    (oid, proto.Null(""), None, ber.NULL),
                    (oid, proto.ObjectIdentifier(oid), oid, ber.OID),
                    (oid, gauge(number), number, ber.GAUGE32),
                    (oid, counter(number), number, ber.COUNTER32),
                    (oid, proto.TimeTicks(number), number, ber.TIME_TICKS),
                ]
            )
        )
    return found


def test_messages_are_those_of_pysnmp_byte_for_byte():
    """Random messages of both versions and all four kinds: what we write is what pysnmp writes, and we read it back."""
    dice = random.Random(SEED)
    for _ in range(MESSAGES):
        version, kind, request = dice.choice(list(Version)), dice.choice(list(Kind)), dice.randrange(2**31)
        proto = api.PROTOCOL_MODULES[api.SNMP_VERSION_1 if version is Version.V1 else api.SNMP_VERSION_2C]
        values = draw_values(dice, proto, version)
        answer = proto.GetResponsePDU if version is Version.V1 else proto.ResponsePDU
        pdu = {
            Kind.GET: proto.GetRequestPDU,
            Kind.GET_NEXT: proto.GetNextRequestPDU,
            Kind.SET: proto.SetRequestPDU,
            Kind.RESPONSE: answer,
        }[kind]()
        proto.apiPDU.set_defaults(pdu)
        proto.apiPDU.set_request_id(pdu, request)
        proto.apiPDU.set_varbinds(pdu, [(oid, theirs) for oid, theirs, _, _ in values])
        message = proto.Message()
        proto.apiMessage.set_defaults(message)
        proto.apiMessage.set_community(message, "public")
        proto.apiMessage.set_pdu(message, pdu)
        theirs = encoder.encode(message)
        ours = Packet(version, b"public", kind, request, tuple(bind(oid, own, tag) for oid, _, own, tag in values))
        assert encode_packet(ours) == theirs
        assert decode_packet(theirs) == ours
        names = [one.name for one in ours.bindings]
        assert read_values(theirs, read_head(theirs), names) == [one.value for one in ours.bindings]
        if kind is Kind.GET and all(value is None for _, _, value, _ in values):
            assert Question(names, b"public", version).write(request) == theirs


# pysnmp as a client of the emulated controller


@contextmanager
def serve(emulator):
    """The emulator behind a socket of this machine, in a thread of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        address = line.getsockname()
        is_over = threading.Event()

        def work():
            while not is_over.is_set():
                data, peer = line.recvfrom(65_535)
                emulator.receive(data, peer)
                for to, answer in emulator.due():
                    line.sendto(answer, to)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield address
        finally:
            is_over.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", address)
            worker.join()


def build():
    """An emulator with detectors, ten seconds old."""
    emulator = NtcipEmulator(*load_place("demo"), clock_s=CLOCK_S, detectors=4)
    emulator.tick(10.0)
    return emulator


def read_ours(emulator, oid):
    """What our own codec reads."""
    emulator.receive(encode_packet(Packet(1, b"public", Kind.GET, 1, (bind(oid),))), "own")
    ((_, answer),) = emulator.due()
    return decode_packet(answer).bindings[0].value


def plain(value):
    """A value of pysnmp's as we have it."""
    return bytes(value) if hasattr(value, "asOctets") else int(value)


@pytest.mark.parametrize("version", Version)
def test_pysnmp_walks_reads_and_sets_our_controller(version):
    """Every object by GETNEXT and by GET has the value that our own codec reads; SETs are read back; 0 disagreements."""
    emulator, twin = build(), build()

    async def talk(address):
        disagreements, count, at = [], 0, (1, 3)
        with SnmpDispatcher() as dispatcher:
            target = await UdpTransportTarget.create(address, timeout=5.0, retries=0)
            reader, writer = (CommunityData(name, mpModel=int(version)) for name in ("public", "private"))

            async def ask(command, community, *wrapped):
                return await command(dispatcher, community, target, *wrapped, lookupMib=False)

            while True:
                failed, status, _, bindings = await ask(next_cmd, reader, ObjectType(ObjectIdentity(at)))
                assert not failed
                if int(status) or type(bindings[0][1]).__name__ == "EndOfMibView":
                    break
                at, value = tuple(bindings[0][0]), plain(bindings[0][1])
                _, status, _, got = await ask(get_cmd, reader, ObjectType(ObjectIdentity(at)))
                count += 1
                if int(status) or plain(got[0][1]) != value or read_ours(twin, at) != value:
                    disagreements.append(at)
            for number, column in enumerate(objects.PHASE_CONTROLS, 1):
                oid = column.at(1)
                wrapped = ObjectType(ObjectIdentity(oid), Integer32(number))
                failed, status, _, _ = await ask(set_cmd, writer, wrapped)
                _, _, _, got = await ask(get_cmd, reader, ObjectType(ObjectIdentity(oid)))
                if failed or int(status) or plain(got[0][1]) != number:
                    disagreements.append(oid)
            bad = ObjectType(ObjectIdentity(objects.GREENS.at(1)), Integer32(1))
            _, status, index, _ = await ask(set_cmd, writer, bad)
            assert (int(status), int(index)) == ((2, 1) if version is Version.V1 else (17, 1))
        return disagreements, count

    with serve(emulator) as address:
        disagreements, count = asyncio.run(talk(address))
    assert disagreements == []
    assert count > 80


# our client against snmpsim

USER, AUTH, PRIVACY = "boss", "anAuthPhrase", "aPrivacyPhrase"
RECORD = (
    (objects.SYS_UPTIME, "67|12345"),
    *((column.at(1), f"2|{11 * k}") for k, column in enumerate((objects.GREENS, objects.YELLOWS, objects.REDS))),
    (objects.PHASE_CONCURRENCY.at(1), "4x|020506"),
    *((column.at(1), "2:writecache|value=0") for column in objects.PHASE_CONTROLS),
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """A real snmpsim process on this machine, with a few of a controller's objects."""
    try:
        importlib.import_module("snmpsim.commands.responder")
    except ImportError as error:
        pytest.skip(f"snmpsim cannot be imported: {error}")
    place = tmp_path_factory.mktemp("snmpsim")
    (place / "data").mkdir()
    lines = [f"{'.'.join(map(str, oid))}|{rest}\n" for oid, rest in sorted(RECORD)]
    (place / "data" / "public.snmprec").write_text("".join(lines), encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from snmpsim.commands.responder import main; main()"]
    if os.getuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    command += [
        f"--data-dir={place / 'data'}",
        f"--cache-dir={place / 'cache'}",
        f"--variation-module-options=writecache:file:{place / 'written'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        f"--v3-user={USER}",
        f"--v3-auth-key={AUTH}",
        "--v3-auth-proto=SHA256",
        f"--v3-priv-key={PRIVACY}",
        "--v3-priv-proto=AES",
    ]
    with (place / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            until_s = time.monotonic() + 60.0
            while process.poll() is None and time.monotonic() < until_s:
                data = exchange(port, Packet(1, b"public", Kind.GET, 1, (bind(objects.SYS_UPTIME),)), 0.5)
                if data is not None and decode_packet(data).kind is Kind.RESPONSE:  # not ourselves, on the free port
                    break
            else:
                pytest.fail(f"snmpsim does not answer: {(place / 'log').read_text()[-500:]}")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def exchange(port, packet, timeout_s=10.0):
    """One datagram there and one back; None where none comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(timeout_s)
        try:
            line.connect(("127.0.0.1", port))
            line.send(encode_packet(packet))
            return line.recv(65_535)
        except (TimeoutError, ConnectionRefusedError):
            return None


@pytest.mark.parametrize("version", Version)
def test_our_client_reads_and_sets_snmpsim(simulator, version):
    """GET of several names in one packet, SET of all six masks in one, and what was set is read back."""
    oids = [objects.SYS_UPTIME, *(c.at(1) for c in (objects.GREENS, objects.YELLOWS, objects.REDS))]
    question = Question([ber.write_oid(oid) for oid in oids], b"public", version)
    request = draw_request()
    data = exchange(simulator, decode_packet(question.write(request)))
    head = read_head(data)
    assert (head.request, head.version, head.error) == (request, version, 0)
    assert read_values(data, head, question.names) == [12345, 0, 11, 22]
    for base in (1, 60):
        masks = tuple(bind(column.at(1), base + k) for k, column in enumerate(objects.PHASE_CONTROLS))
        answer = decode_packet(exchange(simulator, Packet(version, b"public", Kind.SET, 7, masks)))
        assert (answer.error, answer.bindings) == (0, masks)
        names = tuple(bind(column.at(1)) for column in objects.PHASE_CONTROLS)
        answer = decode_packet(exchange(simulator, Packet(version, b"public", Kind.GET, 8, names)))
        assert answer.bindings == masks
    missing = exchange(simulator, Packet(version, b"public", Kind.GET, 9, (bind((1, 3, 6, 1, 4, 1, 1206, 9)),)))
    answer = decode_packet(missing)
    assert answer.error == 2 if version is Version.V1 else answer.bindings[0].value is None


def test_version_3_reads_and_sets_snmpsim(simulator):
    """SHA-256 and AES: GET, SET with read back, octets, a name that is missing, and one that must not be set."""
    hold, greens = objects.HOLD.at(1), objects.GREENS.at(1)

    async def talk():
        async with V3Client(
            "127.0.0.1", simulator, V3User(USER, AUTH, PRIVACY), timeout_s=10.0, context="public"
        ) as client:
            assert await client.get([objects.SYS_UPTIME, greens]) == (12345, 0)
            assert await client.get([objects.PHASE_CONCURRENCY.at(1), (1, 3, 6, 1, 9)]) == (b"\x02\x05\x06", None)
            for value in (3, 5):
                await client.set([(hold, value)])
                assert await client.get([hold]) == (value,)
            with pytest.raises(PermissionError):
                await client.set([(objects.PHASE_YELLOW_DS.at(1), 0)])

    asyncio.run(talk())


def test_version_3_with_a_wrong_phrase_says_so_without_the_phrase(simulator):
    """Nobody is let in, and neither phrase is in the message or in what is printed of the user."""
    user = V3User(USER, "notTheAuthPhrase", PRIVACY)

    async def talk():
        async with V3Client("127.0.0.1", simulator, user, timeout_s=10.0) as client:
            await client.get([objects.SYS_UPTIME])

    with pytest.raises(V3Error) as caught:
        asyncio.run(talk())
    for secret in ("notTheAuthPhrase", PRIVACY):
        assert secret not in str(caught.value)
        assert secret not in repr(user)


def test_a_user_is_checked_when_it_is_made():
    """Known protocols, phrases of eight characters at least."""
    with pytest.raises(ValueError, match="are known"):
        V3User(USER, AUTH, PRIVACY, auth="md5")
    with pytest.raises(ValueError, match="8 characters"):
        V3User(USER, "short", PRIVACY)


def test_the_profile_and_the_emulator_agree_on_communities():
    """The default profile is that of a bench, where both ends are ours."""
    profile = NtcipProfile()
    assert {profile.read_community, profile.write_community} == {b"public", b"private"}
