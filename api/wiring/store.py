"""Evaluations in Redis: a hash each, a stream of its events, and one sorted set of all.

Keys ``changtong:evaluation:{id}`` (fields ``order``, ``state``, ``created``, ``started``, ``finished``,
``beat``, ``error``, ``result``, ``run:{controller}:{seed}``), ``changtong:evaluation:{id}:events`` and
``changtong:evaluations``. All commands exist in Redis 7.0.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from redis import Redis

from api.errors import EvaluationNotFound
from api.routes.services import Event
from api.schemas.evaluation import Evaluation, EvaluationOrder, EvaluationState, EvaluationSummary, RunStatus
from api.wiring.connection import told_plainly

KEPT_S: Final = 7 * 24 * 3600
MOST_EVENTS: Final = 5000
# a worker writes at least every BEAT_S; one that is silent for longer than SILENT_S is gone
BEAT_S: Final = 5.0
SILENT_S: Final = 60.0
ALL: Final = "changtong:evaluations"


def _key(evaluation_id: str) -> str:
    return f"changtong:evaluation:{evaluation_id}"


class EvaluationStore:
    """Reads and writes evaluations. Every method raises ``StoreUnavailable`` when Redis does not answer."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock

    def is_reachable(self) -> bool:
        """Whether Redis answers now."""
        with told_plainly():
            return bool(self._redis.ping())

    def create(self, order: EvaluationOrder) -> str:
        """Keep a new order; its id."""
        evaluation_id = uuid.uuid4().hex
        now = self._clock()
        fields = {"order": order.model_dump_json(), "state": EvaluationState.QUEUED, "created": now, "beat": now}
        for run in (RunStatus(controller=name, seed=seed) for name in order.controllers for seed in order.seeds):
            fields[f"run:{run.controller}:{run.seed}"] = run.model_dump_json(exclude_none=True)
        with told_plainly(), self._redis.pipeline() as pipe:
            pipe.hset(_key(evaluation_id), mapping=cast("dict[Any, Any]", fields))
            pipe.expire(_key(evaluation_id), KEPT_S)
            pipe.zadd(ALL, {evaluation_id: now})
            pipe.zremrangebyscore(ALL, 0, now - KEPT_S)
            pipe.execute()
        return evaluation_id

    def set_state(
        self, evaluation_id: str, state: EvaluationState, *, error: str = "", result: dict[str, Any] | None = None
    ) -> None:
        """Move an evaluation on, and say so on its stream."""
        now = self._clock()
        fields: dict[str, Any] = {"state": state, "beat": now}
        fields["finished" if state.is_final else "started"] = now
        if error:
            fields["error"] = error
        if result is not None:
            fields["result"] = json.dumps(result)
        self._write(evaluation_id, fields, "state", json.dumps({"state": state, "error": error or None}))

    def set_run(self, evaluation_id: str, run: RunStatus) -> None:
        """Keep the newest measures of one run, and say so on the stream."""
        name = f"run:{run.controller}:{run.seed}"
        body = run.model_dump_json(exclude_none=True)
        self._write(evaluation_id, {name: body, "beat": self._clock()}, "run", body)

    def beat(self, evaluation_id: str) -> None:
        """The worker is alive though there is no news."""
        with told_plainly():
            self._redis.hset(_key(evaluation_id), "beat", str(self._clock()))

    def _write(self, evaluation_id: str, fields: dict[str, Any], event: str, data: str) -> None:
        events = f"{_key(evaluation_id)}:events"
        with told_plainly(), self._redis.pipeline() as pipe:
            pipe.hset(_key(evaluation_id), mapping=cast("dict[Any, Any]", fields))
            pipe.xadd(events, {"event": event, "data": data}, maxlen=MOST_EVENTS)
            pipe.expire(events, KEPT_S)
            pipe.execute()

    def get(self, evaluation_id: str) -> Evaluation:
        """An evaluation with its runs; raises ``EvaluationNotFound``."""
        with told_plainly():
            fields = cast("dict[str, str]", self._redis.hgetall(_key(evaluation_id)))
        if "order" not in fields:
            message = f"There is no evaluation {evaluation_id}; they are kept for a week"
            raise EvaluationNotFound(message)
        return self._read(evaluation_id, fields)

    def _read(self, evaluation_id: str, fields: dict[str, str]) -> Evaluation:
        state, error = EvaluationState(fields["state"]), fields.get("error")
        if not state.is_final and self._clock() - float(fields["beat"]) > SILENT_S:
            state, error = EvaluationState.FAILED, "Interrupted: the server that ran it has stopped. Order it again."
        order = EvaluationOrder.model_validate_json(fields["order"])
        names = [f"run:{name}:{seed}" for name in order.controllers for seed in order.seeds]
        return Evaluation(
            id=evaluation_id,
            order=order,
            state=state,
            error=error,
            created=_to_time(fields["created"]),
            started=_to_time(fields["started"]) if "started" in fields else None,
            finished=_to_time(fields["finished"]) if "finished" in fields else None,
            runs=[RunStatus.model_validate_json(fields[name]) for name in names],
            result=json.loads(fields["result"]) if "result" in fields else None,
        )

    def list_newest(self, limit: int) -> Sequence[EvaluationSummary]:
        """The newest evaluations, without runs and reports."""
        with told_plainly():
            ids = cast("list[str]", self._redis.zrevrange(ALL, 0, limit - 1))
            with self._redis.pipeline() as pipe:
                for evaluation_id in ids:
                    pipe.hgetall(_key(evaluation_id))
                hashes = cast("list[dict[str, str]]", pipe.execute())
        found = [self._read(i, fields) for i, fields in zip(ids, hashes, strict=True) if "order" in fields]
        summary_fields = set(EvaluationSummary.model_fields)
        return [EvaluationSummary.model_validate(e.model_dump(include=summary_fields, by_alias=False)) for e in found]

    def list_events(self, evaluation_id: str, after: str) -> Sequence[Event]:
        """The events after that id, oldest first."""
        with told_plainly():
            start = f"({after}" if after != "0" else "-"
            entries = cast(
                "list[tuple[str, dict[str, str]]]", self._redis.xrange(f"{_key(evaluation_id)}:events", start, "+", 200)
            )
        return [Event(entry_id, fields["event"], fields["data"]) for entry_id, fields in entries]


def _to_time(epoch_s: str) -> datetime:
    return datetime.fromtimestamp(float(epoch_s), UTC).replace(microsecond=0)
