"""Finds scenarios: our own by name, the RESCO maps inside the PyPI package sumo-rl, any ``.sumocfg`` by path.

RESCO (Ault & Sharon 2021) maps are read in place and never copied: their licences do not allow
redistribution with this project, which is why sumo-rl is the optional extra ``bench``.
"""

from __future__ import annotations

import difflib
import importlib.util
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from sumo_scenarios.manifest import Scenario, ScenarioError

HOME = Path(__file__).parent
OWN_NAMES = ("isolated", "corridor", "grid", "pittsburgh50")
RESCO_NAMES = (
    "arterial4x4", "cologne1", "cologne3", "cologne8", "grid4x4", "ingolstadt1", "ingolstadt21", "ingolstadt7",
)  # fmt: skip
_RESCO_LICENSES = {
    "arterial": "CC BY-NC-SA 4.0 (RESCO)",
    "grid": "CC BY-NC-SA 4.0 (RESCO)",
    "cologne": "Creative Commons (TAPAS Cologne; terms in its own PDF)",
    "ingolstadt": "GPL-3.0 (InTAS)",
}


def find_scenario(name_or_path: str) -> Scenario:
    """The scenario of that name, or the one that a ``.sumocfg`` file describes.

    Raises:
        ScenarioError: nothing of that name, or a file that does not hold together.
    """
    if name_or_path.endswith(".sumocfg"):
        return read_sumocfg(Path(name_or_path))
    if "/" not in name_or_path:
        for name in _list_own_names():
            if name_or_path != name and not name_or_path.startswith(f"{name}-"):
                continue  # what is wrong with one scenario is no trouble of another
            for found in read_scenarios(HOME / name / "scenario.toml"):
                if name_or_path in {name, found.name}:  # a name without its period is the first one
                    return found
    if name_or_path in RESCO_NAMES:
        return _read_resco(name_or_path)
    if Path(name_or_path).is_dir() and (Path(name_or_path) / "scenario.toml").is_file():
        return read_scenarios(Path(name_or_path) / "scenario.toml")[0]
    own = [read_scenarios(HOME / name / "scenario.toml") for name in _list_own_names()]
    known = [*(scenario.name for found in own for scenario in found), *RESCO_NAMES]
    closest = difflib.get_close_matches(name_or_path, known, n=1)
    guess = f" Did you mean {closest[0]}?" if closest else ""
    raise ScenarioError(
        f"There is no scenario {name_or_path!r}.{guess} Known: {', '.join(known)}; or give the path of a .sumocfg file."
    )


def list_scenarios() -> tuple[Scenario, ...]:
    """Our own scenarios, then the RESCO maps when sumo-rl is installed."""
    own = [scenario for name in _list_own_names() for scenario in read_scenarios(HOME / name / "scenario.toml")]
    has_resco = _find_resco_folder() is not None
    return (*own, *(_read_resco(name) for name in RESCO_NAMES if has_resco))


def read_scenarios(manifest: Path) -> tuple[Scenario, ...]:
    """Read a ``scenario.toml``: one scenario, or one for each of its ``[period.NAME]`` tables.

    Files are relative to it. A period's own keys come before those of the whole.
    """
    try:
        table = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{manifest}: {error}") from error
    periods = table.pop("period", {})
    if not isinstance(periods, dict) or not all(isinstance(keys, dict) for keys in periods.values()):
        raise ScenarioError(f"{manifest}: period must be tables, [period.NAME].")
    if not periods:
        return (_to_scenario(manifest, table, ""),)
    return tuple(_to_scenario(manifest, {**table, **keys}, period) for period, keys in periods.items())


def _to_scenario(manifest: Path, table: dict[str, Any], period: str) -> Scenario:
    folder = manifest.resolve().parent
    if missing := [key for key in ("title", "net", "demand") if key not in table]:
        raise ScenarioError(f"{manifest}: {missing[0]} is missing; a scenario needs title, net and demand.")
    numbers: dict[str, Any] = {k: table[k] for k in ("begin_s", "end_s", "drain_s", "step_s") if k in table}
    safety = table.get("safety", {})
    known = {"min_green_s", "max_green_s", "yellow_s", "red_clearance_s", "max_red_s"}
    if unknown := set(safety) - known:
        raise ScenarioError(f"{manifest}: [safety] has no {min(unknown)}; it may have {', '.join(sorted(known))}.")
    numbers.update(safety)
    if wrong := [key for key, value in numbers.items() if not isinstance(value, int | float) or value < 0]:
        raise ScenarioError(f"{manifest}: {wrong[0]} must be a number of seconds, not {numbers[wrong[0]]!r}.")
    return _checked(
        Scenario(
            name=f"{folder.name}-{period}" if period else folder.name,
            title=table["title"],
            net=folder / table["net"],
            demand=tuple(folder / name for name in table["demand"]),
            additional=tuple(folder / name for name in table.get("additional", [])),
            license=table.get("license", ""),
            source=table.get("source", ""),
            period=period,
            **{key: float(value) for key, value in numbers.items()},
        ),
        manifest,
    )


def read_sumocfg(path: Path) -> Scenario:
    """Read SUMO's own configuration: net, routes, additional files (relative to it), begin and end."""
    try:
        root = ET.parse(path).getroot()  # noqa: S314  (the user's own file; expat refuses entity bombs)
    except FileNotFoundError as error:
        raise ScenarioError(f"{path}: there is no such file.") from error
    except (OSError, ET.ParseError) as error:
        raise ScenarioError(f"{path}: not a SUMO configuration: {error}") from error
    option = {element.tag: element.get("value", "") for element in root.iter() if "value" in element.attrib}
    folder = path.resolve().parent
    nets, demand, additional = (_list_files(option, keys, folder) for keys in _SUMOCFG_KEYS)
    if not nets or not demand:
        missing = "net-file" if not nets else "route-files"
        raise ScenarioError(f"{path}: {missing} is missing; a scenario needs a net and demand.")
    begin_s = _seconds(option, ("begin", "b"), 0.0, path)
    end_s = _seconds(option, ("end", "e"), begin_s + 3600.0, path)
    if end_s <= begin_s:
        end_s = begin_s + 3600.0  # SUMO's -1: until the net is empty
    return _checked(
        Scenario(
            name=path.stem,
            title=f"{path.name} as configured",
            net=nets[0],
            demand=demand,
            additional=additional,
            begin_s=begin_s,
            end_s=end_s,
            step_s=_seconds(option, ("step-length",), 1.0, path),
            source=path.name,
        ),
        path,
    )


_SUMOCFG_KEYS = (("net-file", "n", "net"), ("route-files", "r", "routes"), ("additional-files", "a", "additional"))


def _list_files(option: dict[str, str], keys: tuple[str, ...], folder: Path) -> tuple[Path, ...]:
    text = next((option[key] for key in keys if key in option), "")
    return tuple(folder / name for name in text.replace(",", " ").split())


def _seconds(option: dict[str, str], keys: tuple[str, ...], default: float, path: Path) -> float:
    text = next((option[key] for key in keys if key in option), None)
    if text is None:
        return default
    try:  # SUMO also takes HH:MM:SS and D:HH:MM:SS
        parts = [float(part) for part in text.split(":")]
    except ValueError as error:
        raise ScenarioError(f"{path}: {keys[0]} is {text!r}, not a time.") from error
    scale = (1, 60, 3600, 86400)
    return sum(part * scale[i] for i, part in enumerate(reversed(parts)))


def _checked(scenario: Scenario, origin: Path) -> Scenario:
    for file in (scenario.net, *scenario.demand, *scenario.additional):
        if not file.is_file():
            raise ScenarioError(f"{origin}: the file {file.name} that it names is not in {file.parent}.")
    if scenario.end_s <= scenario.begin_s:
        raise ScenarioError(f"{origin}: end_s ({scenario.end_s:g}) must be after begin_s ({scenario.begin_s:g}).")
    return scenario


def _list_own_names() -> list[str]:
    return [name for name in OWN_NAMES if (HOME / name / "scenario.toml").is_file()]


def _find_resco_folder() -> Path | None:
    spec = importlib.util.find_spec("sumo_rl")  # found, not imported: importing it wants SUMO_HOME
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "nets" / "RESCO"
    return folder if folder.is_dir() else None


def _read_resco(name: str) -> Scenario:
    folder = _find_resco_folder()
    if folder is None:
        raise ScenarioError(
            f"{name} is a RESCO map, read from the PyPI package sumo-rl, which is not installed: "
            "pip install changtong[bench]"
        )
    found = read_sumocfg(folder / name / f"{name}.sumocfg")
    license_ = next(text for prefix, text in _RESCO_LICENSES.items() if name.startswith(prefix))
    return Scenario(
        name=name,
        title=f"RESCO benchmark map {name}",
        net=found.net,
        demand=found.demand,
        additional=found.additional,
        begin_s=found.begin_s,
        end_s=found.end_s,
        license=license_,
        source="PyPI sumo-rl, nets/RESCO",
    )
