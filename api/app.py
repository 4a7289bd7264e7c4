"""The application: services opened in the lifespan, routes and pages hung in, one friendly line at the start."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from rich.console import Console
from starlette.middleware.gzip import GZipMiddleware

from api.errors import MEDIA_TYPE as PROBLEM
from api.errors import add_error_handlers
from api.routes import evaluations, geocode, network, pages, plan, server
from api.routes.limits import GuardHeaders, SizeLimits
from api.routes.services import Planner, Services
from api.settings import Settings
from api.ui import ASSETS
from api.wiring.connection import connect
from api.wiring.desk import LocalDesk
from api.wiring.store import EvaluationStore
from gtfs.ingest import FeedUnreadable
from gtfs.service_days import NoServiceDates
from mobility.cities import CityError, find_city
from mobility.model import PlannerError
from mobility.service import JourneyPlanner
from signals.evaluation.experiment import evaluate
from sumo_scenarios.catalog import list_scenarios

DESCRIPTION: Final = """Journeys, places and signal evaluations of a city.

`plan`, `geocode`, `health` and `map/initial` follow the MOTIS API (v6 and v5), so that its clients work
unmodified. Refusals are problem documents (RFC 9457)."""
OpenPlanner = Callable[[Settings], Planner]


def open_planner(settings: Settings) -> Planner:
    """The journey planner of the city in the settings; built once, then read from the cache."""
    return JourneyPlanner.open(settings.city, settings.cache_path, warm=True, accelerate=settings.accelerate)


def build_services(settings: Settings, planner: Planner) -> tuple[Services, LocalDesk]:
    """Everything behind the routes, around that planner."""
    desk = LocalDesk(EvaluationStore(connect(settings.redis_url)), evaluate)
    return Services(planner, _city_names(settings), desk, list_scenarios, network.build_documents(planner)), desk


def _city_names(settings: Settings) -> Mapping[str, str]:
    """The city's name by language; a feed given by path has only the planner's name."""
    try:
        return find_city(settings.city).names
    except CityError:
        return {}


@asynccontextmanager
async def _lifespan(app: FastAPI, settings: Settings, open_city: OpenPlanner) -> AsyncIterator[None]:
    planner = await run_in_threadpool(open_city, settings)
    gc.collect()
    gc.freeze()  # a timetable lives as long as the process: going through it took a request 80 ms now and then
    app.state.services, desk = build_services(settings, planner)
    try:
        yield
    finally:
        await run_in_threadpool(desk.close)


class _Application(FastAPI):
    """Documents every refusal as what it is: a problem document."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if not self.openapi_schema:
            operations = [operation for path in super().openapi()["paths"].values() for operation in path.values()]
            for reply in (reply for each in operations for status, reply in each["responses"].items() if status >= "4"):
                reply["content"] = {PROBLEM: next(iter(reply["content"].values()))}
        return super().openapi()


def create_app(settings: Settings | None = None, open_city: OpenPlanner = open_planner) -> FastAPI:
    """The application; nothing is opened before its lifespan begins."""
    app = _Application(
        title="Changtong",
        version=version("changtong"),
        description=DESCRIPTION,
        # the interactive documentation would load scripts from elsewhere
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, settings=settings or Settings(), open_city=open_city),
    )
    add_error_handlers(app)
    for part in (plan, geocode, server, network, evaluations, pages):
        app.include_router(part.router)
    for folder in ("js", "style"):
        app.mount(f"/ui/{folder}", pages.Assets(directory=ASSETS / folder), name=folder)
    app.add_middleware(SizeLimits)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(GuardHeaders)
    return app


class _Server(uvicorn.Server):
    """Says where it is once it listens."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then greet."""
        await super().startup(sockets)
        if not self.should_exit:
            Console().print(self._greeting, highlight=False, soft_wrap=True)


def run(host: str, port: int, city: str) -> None:
    """Serve until interrupted. What cannot start is told in one line, with the remedy."""
    try:
        settings = Settings(host=host, port=port, city=city)
    except ValidationError as failure:
        sys.exit("; ".join(f"{error['loc'][0]}: {error['msg']}" for error in failure.errors()))
    try:
        connect(settings.redis_url)  # nothing is sent: only an address that is none fails
    except ValueError as failure:
        sys.exit(f"REDIS_URL: {failure}")
    try:
        listener = _listen(settings)
    except OSError as failure:
        sys.exit(f"Cannot listen on {host}:{port}: {failure.strerror}. Choose another with --port.")
    try:
        with Console(stderr=True).status(f"Opening {city} …"):
            planner = open_planner(settings)
    except (PlannerError, CityError, FeedUnreadable, NoServiceDates, OSError) as failure:
        sys.exit(str(failure))
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  (compared, not bound)
    url = f"http://{shown}:{listener.getsockname()[1]}"
    greeting = f"Changtong serves {planner.name}: {url}/ (journeys), {url}/signals (signals). Ctrl-C stops it."
    app = create_app(settings, lambda _: planner)
    # no access log: addresses of requests hold where people go
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=3)
    _Server(config, greeting).run(sockets=[listener])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()  # bound alone, a second server could take the port while this one opens its city
    except OSError:
        listener.close()
        raise
    return listener
