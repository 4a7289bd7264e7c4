"""What the process counts, for Prometheus: read when it is asked for, so that counting costs the loop nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signals.runtime.station import Station

_LABEL = ["intersection"]
_COUNTED = (
    ("steps", "seconds of control"),
    ("advances", "stage changes decided, also those that were not sent"),
    ("commands", "datagrams that command, written to the cabinet"),
    ("withheld", "datagrams that command, kept back for want of lease or log"),
    ("disarmed", "times that the level was taken down without being asked"),
)


class _Stations(Collector):
    def __init__(self, stations: Mapping[str, Station]) -> None:
        self._stations = stations

    def collect(self) -> Iterable[Metric]:
        stations = dict(self._stations)
        for name, words in _COUNTED:
            counter = CounterMetricFamily(f"changtong_{name}", words, labels=_LABEL)
            for key, station in stations.items():
                counter.add_metric([key], float(getattr(station.counts, name)))
            yield counter
        refusals = CounterMetricFamily("changtong_refusals", "commands refused by the guard", labels=[*_LABEL, "code"])
        level = GaugeMetricFamily("changtong_level", "0 shadow, 1 advisory, 2 armed", labels=_LABEL)
        told = GaugeMetricFamily("changtong_cabinet_answers", "1 while the cabinet reports its state", labels=_LABEL)
        lease = GaugeMetricFamily("changtong_lease_held", "1 while this process may command", labels=_LABEL)
        for key, station in stations.items():
            for code, count in dict(station.refusals).items():
                refusals.add_metric([key, code], float(count))
            level.add_metric([key], float(station.arming.level))
            told.add_metric([key], float(station.report is not None and station.report.state is not None))
            lease.add_metric([key], float(station.commander.is_held))
        yield from (refusals, level, told, lease)


def serve_metrics(stations: Mapping[str, Station], port: int) -> tuple[WSGIServer, threading.Thread]:
    """Answer on this machine's ``port`` from a thread of its own; shut the server down in the end.

    Raises:
        OSError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(_Stations(stations))
    return start_http_server(port, "127.0.0.1", registry)
