"""The pages and their assets, served from the package with headers that keep strangers out."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.ui import ASSETS

router = APIRouter(include_in_schema=False)
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PAGE_HEADERS: Final = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}


class Assets(StaticFiles):
    """Files that a browser keeps, but asks about each time: a new version is seen at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or 304."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


@router.get("/")
def journey_page() -> FileResponse:
    """The journey planner."""
    return FileResponse(ASSETS / "journey.html", headers=PAGE_HEADERS)


@router.get("/signals")
def signals_page() -> FileResponse:
    """The bureau's page of signal controllers."""
    return FileResponse(ASSETS / "signals.html", headers=PAGE_HEADERS)


@router.get("/ui/icon.svg")
def icon() -> FileResponse:
    """The sign of the house."""
    return FileResponse(ASSETS / "icon.svg", headers={"Cache-Control": "max-age=86400"})


@router.get("/favicon.ico")
def favicon() -> RedirectResponse:
    """Browsers ask for it before they read the page."""
    return RedirectResponse("/ui/icon.svg", status_code=308)
