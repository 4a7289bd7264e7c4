"""What there is beside public transport around the stops of one network, and the finders that a request asks for.

A ``Supply`` is what a city has: systems of shared vehicles, car parks, on-demand zones, taxis. Whoever has newer
readings makes a new one; a request keeps the one that it began with. ``Surroundings`` is a supply linked to the stops
of a network; what takes long (walks between stations and stops, changes by bike) is made when first asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mobility.bikeshare.state import SystemState
from mobility.flex import OnDemandZones, TaxiService
from mobility.model import Mode
from mobility.network.build import Network
from mobility.planner.doors.between import BikeChanges, build_changes, with_finder
from mobility.planner.doors.drive import GET_OUT_S, LOCK_BIKE_S, DriveFinder
from mobility.planner.doors.ends import DoorFinder
from mobility.planner.doors.hire import HireFinder
from mobility.planner.doors.hires import build_hire_finders
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.on_demand import FlexFinder, RouteFacts
from mobility.planner.doors.park import ParkFinder, ParkPlaces
from mobility.planner.doors.parks import CarParks, build_park_places
from mobility.planner.doors.plans import ON_FOOT, Plan, combine
from mobility.planner.doors.streetside import Streetside
from mobility.planner.doors.taxi import TaxiFinder
from mobility.planner.request import Hires, Ways
from mobility.streets.profiles import Profile

if TYPE_CHECKING:
    from mobility.availability import AvailabilityModel


@dataclass(frozen=True, slots=True)
class Supply:
    """What a city has beside public transport; ``model`` forecasts what is left of it, ``timezone`` is its clock."""

    systems: tuple[SystemState, ...] = ()
    car_parks: CarParks | None = None
    zones: OnDemandZones | None = None
    routes: Mapping[str, RouteFacts] = field(default_factory=dict)
    taxi: TaxiService | None = None
    model: AvailabilityModel | None = None
    timezone: str = "UTC"


class Surroundings:
    """A supply around the stops of a network. Thread-safe."""

    def __init__(
        self,
        supply: Supply,
        network: Network,
        streetside: Streetside,
        teller: LegTeller,
        before: Surroundings | None = None,
    ) -> None:
        """``before`` is what there was at the same stops: of places that have not moved its ways are kept."""
        self._before = before
        if before is not None:
            before.forget_before()
        self._supply, self._network = supply, network
        self._streetside, self._teller = streetside, teller
        self._lock = threading.RLock()
        self._changes: dict[int, BikeChanges] = {}

    def with_supply(self, supply: Supply) -> Surroundings:
        """The same stops with another supply."""
        return Surroundings(supply, self._network, self._streetside, self._teller, self)

    def list_plans(self, ways: Ways) -> tuple[Plan, ...]:
        """The combinations that a request asks for, on foot first."""
        if ways.access | ways.egress | ways.between == {Mode.WALK}:
            return (ON_FOOT,)
        access = [finder for mode in sorted(ways.access) for finder in self._list_finders(mode, ways)]
        egress = [finder for mode in sorted(ways.egress) for finder in self._list_finders(mode, ways)]
        changes = self._list_changes(ways.hires) if Mode.RENTAL in ways.between else ()
        # walking is always among them: it is what all others are held against
        access, egress = [None, *filter(None, access)], [None, *filter(None, egress)]
        return combine(access, egress, changes)

    def list_direct(self, ways: Ways) -> tuple[DoorFinder, ...]:
        """Who finds ways from door to door, walking left out."""
        return tuple(finder for mode in sorted(ways.direct) for finder in self._list_finders(mode, ways) if finder)

    def list_unlinked(self) -> list[str]:
        """Stations, vehicles and car parks that lie at no street, each with its id and what cannot get there."""
        told = []
        for finder in self._hires:
            places = finder.places
            for how, targets in (("on foot", places.on_foot), (f"by {finder.template.form_factor}", places.by_vehicle)):
                ids = (places.bikes.ids[number] for number in targets.unlinked.tolist())
                told += [f"{finder.template.system_id}: {place} is not reached {how}" for place in ids if place]
        parks = self._park_places
        if parks is not None:
            for how, targets in (("by car", parks.by_car), ("on foot", parks.on_foot)):
                told += [f"car park {parks.spaces.ids[n]} is not reached {how}" for n in targets.unlinked.tolist()]
        return told

    def _list_finders(self, mode: Mode, ways: Ways) -> tuple[DoorFinder | None, ...]:
        supply = self._supply
        match mode:
            case Mode.RENTAL:
                return tuple(finder for finder in self._hires if _is_wanted(finder, ways.hires))
            case Mode.CAR_PARKING:
                places = self._park_places
                return (ParkFinder(places, self._teller, ways.stay_s),) if places else ()
            case Mode.BIKE:
                return (self._drive(mode, Profile.BICYCLE, after_s=LOCK_BIKE_S, is_left_behind=True),)
            case Mode.CAR_DROPOFF | Mode.CAR:
                return (self._drive(mode, Profile.CAR, after_s=GET_OUT_S),)
            case Mode.ODM if supply.taxi is not None:
                return (
                    TaxiFinder(supply.taxi, self._drive(mode, Profile.CAR, wait_s=supply.taxi.wait_s), supply.timezone),
                )
            case Mode.FLEX if supply.zones is not None and len(supply.zones):
                return (self._flex,)
            case Mode.WALK:
                return (None,)
        return ()

    def _drive(
        self, mode: Mode, profile: Profile, *, wait_s: int = 0, after_s: int = 0, is_left_behind: bool = False
    ) -> DriveFinder:
        return DriveFinder(
            mode, profile, self._streetside, self._teller, wait_s, after_s, is_left_behind=is_left_behind
        )

    @property
    def _hires(self) -> tuple[HireFinder, ...]:
        with self._lock:
            return self._all_hires

    @property
    def _park_places(self) -> ParkPlaces | None:
        with self._lock:
            return self._all_parks

    @property
    def _flex(self) -> FlexFinder:
        with self._lock:
            return self._all_flex

    @cached_property
    def _all_hires(self) -> tuple[HireFinder, ...]:
        model = self._supply.model
        known = self._before.list_made_hires() if self._before else ()
        return tuple(
            finder
            for state in self._supply.systems
            for finder in build_hire_finders(state, self._streetside, self._teller, model, known)
        )

    @cached_property
    def _all_parks(self) -> ParkPlaces | None:
        car_parks = self._supply.car_parks
        if car_parks is None or not car_parks.facilities:
            return None
        made = self._before.find_made_parks() if self._before else None
        return build_park_places(car_parks, self._streetside, self._supply.model, made=made)

    def forget_before(self) -> None:
        """Only the last is kept: no chain of all that ever was."""
        self._before = None

    def find_made_parks(self) -> ParkPlaces | None:
        """Those that somebody has asked for."""
        made: ParkPlaces | None = self.__dict__.get("_all_parks")
        return made

    def list_made_hires(self) -> tuple[HireFinder, ...]:
        """Those that somebody has asked for."""
        made: tuple[HireFinder, ...] = self.__dict__.get("_all_hires", ())
        return made

    def find_made_changes(self, finder: HireFinder) -> BikeChanges | None:
        """Changes by bike between the same places."""
        for number, made in enumerate(self.list_made_hires()):
            if number in self._changes and made.places.to_stop is finder.places.to_stop:
                return self._changes[number]
        return None

    @cached_property
    def _all_flex(self) -> FlexFinder:
        zones = self._supply.zones
        assert zones is not None  # noqa: S101  (asked for only where there are some)
        schedule = self._network.schedule
        stops_of = zones.locate(schedule.lat, schedule.lon, [place.stop_id for place in self._teller.stops])
        return FlexFinder(zones, stops_of, self._streetside, self._teller, self._supply.routes)

    def _list_changes(self, wanted: Hires) -> tuple[BikeChanges, ...]:
        """By bicycles only: nobody changes trains by car."""
        found = []
        for key, finder in enumerate(self._hires):
            if finder.profile is Profile.BICYCLE and _is_wanted(finder, wanted):
                with self._lock:
                    if key not in self._changes:
                        made = self._before.find_made_changes(finder) if self._before else None
                        changes = with_finder(made, finder) if made else build_changes(finder, self._network)
                        self._changes[key] = changes
                    found.append(self._changes[key])
        return tuple(found)


def _is_wanted(finder: HireFinder, wanted: Hires) -> bool:
    told = finder.template
    return (
        (not wanted.systems or told.system_id in wanted.systems)
        and (not wanted.form_factors or told.form_factor in wanted.form_factors)
        and (not wanted.propulsions or told.propulsion in wanted.propulsions)
    )
