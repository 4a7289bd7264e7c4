"""The pages and their assets, served from the package with headers that keep strangers out."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse

from api.ui import ASSETS

router = APIRouter(include_in_schema=False)
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PAGE_HEADERS: Final = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}


@router.get("/")
def journey_page() -> FileResponse:
    """The journey planner."""
    return FileResponse(ASSETS / "journey.html", headers=PAGE_HEADERS)


@router.get("/signals")
def signals_page() -> FileResponse:
    """The bureau's page of signal controllers."""
    return FileResponse(ASSETS / "signals.html", headers=PAGE_HEADERS)


@router.get("/favicon.ico")
def favicon() -> RedirectResponse:
    """Browsers ask for it before they read the page."""
    return RedirectResponse("/ui/icon.svg", status_code=308)
