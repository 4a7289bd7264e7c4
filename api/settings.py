"""What an operator may set, from the environment. Owns the names and the defaults, nothing else."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The server's settings. Each comes from the environment variable of its alias."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(
        default="127.0.0.1", validation_alias="HOST", description="Address to listen on; 0.0.0.0 for every interface."
    )
    port: int = Field(
        default=8080, validation_alias="PORT", ge=0, le=65535, description="TCP port; 0 for any free one."
    )
    city: str = Field(
        default="kaohsiung",
        validation_alias="CHANGTONG_CITY",
        description="A city of Changtong, the path of a GTFS zip or folder, or of a network that was built.",
    )
    redis_url: str = Field(
        default="",
        validation_alias="REDIS_URL",
        description="Redis or Valkey, e.g. redis://host:6379/0; empty: in the server's memory.",
    )
    cache_dir: Path = Field(
        default=Path("~/.cache/changtong"),
        validation_alias="CHANGTONG_CACHE",
        description="Where built feeds and timetables are kept.",
    )
    accelerate: bool = Field(
        default=True,
        validation_alias="CHANGTONG_ACCELERATE",
        description="Prepare the day in use for trip-based routing, in the background; false saves a minute of one "
        "core and the memory. Journeys leave, arrive and change the same.",
    )

    @property
    def cache_path(self) -> Path:
        """The cache folder with ``~`` resolved."""
        return self.cache_dir.expanduser()
