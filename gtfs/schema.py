"""The files and fields of GTFS Schedule: types, ranges, keys and references, as one table.

Follows the GTFS Schedule reference (revised March 2026, gtfs.org/documentation/schedule/reference),
with Flex, Fares v2, pathways and translations. What depends on other values ("conditionally
required") is not here: the rules know that.

One file is one block of ``SPECIFICATION``: a line with the file's name, ``required`` where every feed
must have it and ``key=``; then one line a field: its name (``!`` when every record needs it), its
type, and for numbers the range ``low..high``, for enumerations the values, and ``-> file:field`` where
it refers to other records (several targets: any of them).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Kind(StrEnum):
    """Types of the specification, as far as reading differs."""

    ID = "id"
    TEXT = "text"
    URL = "url"
    EMAIL = "email"
    COLOR = "color"
    CURRENCY = "currency"
    TIMEZONE = "timezone"
    LANGUAGE = "language"
    DATE = "date"
    TIME = "time"
    INTEGER = "integer"
    SIGNED = "signed"
    """An integer that may be negative: kept as float64, because ABSENT is -1."""
    ENUM = "enum"
    FLOAT = "float"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"


WHOLE = frozenset({Kind.DATE, Kind.TIME, Kind.INTEGER, Kind.ENUM})
"""Kept as int32."""
REAL = frozenset({Kind.SIGNED, Kind.FLOAT, Kind.LATITUDE, Kind.LONGITUDE})
"""Kept as float64."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``values`` are the ranges of an enumeration (first, last)."""

    name: str
    kind: Kind
    is_required: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[tuple[int, int], ...] = ()
    references: tuple[tuple[str, str], ...] = ()

    def allows(self, value: int) -> bool:
        """True when the enumeration has the value."""
        return any(first <= value <= last for first, last in self.values)


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One file. ``key`` is the primary key, empty where the specification has none that we check."""

    name: str
    fields: tuple[Field, ...]
    is_required: bool = False
    key: tuple[str, ...] = ()

    @property
    def required_key(self) -> tuple[str, ...]:
        """The part of the key without which a record cannot be used."""
        return tuple(f.name for f in self.fields if f.is_required and f.name in self.key)


SPECIFICATION = """
agency.txt required key=agency_id
  agency_id id
  agency_name! text
  agency_url! url
  agency_timezone! timezone
  agency_lang language
  agency_phone text
  agency_fare_url url
  agency_email email
  cemv_support enum 0-2

stops.txt required key=stop_id
  stop_id! id
  stop_code text
  stop_name text
  tts_stop_name text
  stop_desc text
  stop_lat latitude
  stop_lon longitude
  zone_id id
  stop_url url
  location_type enum 0-4
  parent_station id -> stops.txt:stop_id
  stop_timezone timezone
  wheelchair_boarding enum 0-2
  level_id id -> levels.txt:level_id
  platform_code text
  stop_access enum 0-1

routes.txt required key=route_id
  route_id! id
  agency_id id -> agency.txt:agency_id
  route_short_name text
  route_long_name text
  route_desc text
  route_type! enum 0-7 11-12 100-1702
  route_url url
  route_color color
  route_text_color color
  route_sort_order integer 0..
  continuous_pickup enum 0-3
  continuous_drop_off enum 0-3
  network_id id
  cemv_support enum 0-2

trips.txt required key=trip_id
  route_id! id -> routes.txt:route_id
  service_id! id -> calendar.txt:service_id calendar_dates.txt:service_id
  trip_id! id
  trip_headsign text
  trip_short_name text
  direction_id enum 0-1
  block_id id
  shape_id id -> shapes.txt:shape_id
  wheelchair_accessible enum 0-2
  bikes_allowed enum 0-2
  cars_allowed enum 0-2
  safe_duration_factor float 0..
  safe_duration_offset float

stop_times.txt required key=trip_id,stop_sequence
  trip_id! id -> trips.txt:trip_id
  arrival_time time
  departure_time time
  stop_id id -> stops.txt:stop_id
  location_group_id id -> location_groups.txt:location_group_id
  location_id id -> locations.geojson:id
  stop_sequence! integer 0..
  stop_headsign text
  start_pickup_drop_off_window time
  end_pickup_drop_off_window time
  pickup_type enum 0-3
  drop_off_type enum 0-3
  continuous_pickup enum 0-3
  continuous_drop_off enum 0-3
  shape_dist_traveled float 0..
  timepoint enum 0-1
  pickup_booking_rule_id id -> booking_rules.txt:booking_rule_id
  drop_off_booking_rule_id id -> booking_rules.txt:booking_rule_id
  mean_duration_factor float 0..
  mean_duration_offset float
  safe_duration_factor float 0..
  safe_duration_offset float

calendar.txt key=service_id
  service_id! id
  monday! enum 0-1
  tuesday! enum 0-1
  wednesday! enum 0-1
  thursday! enum 0-1
  friday! enum 0-1
  saturday! enum 0-1
  sunday! enum 0-1
  start_date! date
  end_date! date

calendar_dates.txt key=service_id,date
  service_id! id
  date! date
  exception_type! enum 1-2

fare_attributes.txt key=fare_id
  fare_id! id
  price! float 0..
  currency_type! currency
  payment_method! enum 0-1
  transfers enum 0-2
  agency_id id -> agency.txt:agency_id
  transfer_duration integer 0..

fare_rules.txt key=fare_id,route_id,origin_id,destination_id,contains_id
  fare_id! id -> fare_attributes.txt:fare_id
  route_id id -> routes.txt:route_id
  origin_id id -> stops.txt:zone_id
  destination_id id -> stops.txt:zone_id
  contains_id id -> stops.txt:zone_id

timeframes.txt key=timeframe_group_id,start_time,end_time,service_id
  timeframe_group_id! id
  start_time time
  end_time time
  service_id! id -> calendar.txt:service_id calendar_dates.txt:service_id

rider_categories.txt key=rider_category_id
  rider_category_id! id
  rider_category_name! text
  is_default_fare_category enum 0-1
  eligibility_url url

fare_media.txt key=fare_media_id
  fare_media_id! id
  fare_media_name text
  fare_media_type! enum 0-4

fare_products.txt key=fare_product_id,rider_category_id,fare_media_id
  fare_product_id! id
  fare_product_name text
  rider_category_id id -> rider_categories.txt:rider_category_id
  fare_media_id id -> fare_media.txt:fare_media_id
  amount! float
  currency! currency

fare_leg_rules.txt key=network_id,from_area_id,to_area_id,from_timeframe_group_id,to_timeframe_group_id,fare_product_id
  leg_group_id id
  network_id id -> networks.txt:network_id routes.txt:network_id
  from_area_id id -> areas.txt:area_id
  to_area_id id -> areas.txt:area_id
  from_timeframe_group_id id -> timeframes.txt:timeframe_group_id
  to_timeframe_group_id id -> timeframes.txt:timeframe_group_id
  fare_product_id! id -> fare_products.txt:fare_product_id
  rule_priority integer 0..

fare_leg_join_rules.txt key=from_network_id,to_network_id,from_stop_id,to_stop_id
  from_network_id! id -> networks.txt:network_id routes.txt:network_id
  to_network_id! id -> networks.txt:network_id routes.txt:network_id
  from_stop_id id -> stops.txt:stop_id
  to_stop_id id -> stops.txt:stop_id

fare_transfer_rules.txt key=from_leg_group_id,to_leg_group_id,fare_product_id,transfer_count,duration_limit
  from_leg_group_id id -> fare_leg_rules.txt:leg_group_id
  to_leg_group_id id -> fare_leg_rules.txt:leg_group_id
  transfer_count signed -1..
  duration_limit integer 1..
  duration_limit_type enum 0-3
  fare_transfer_type! enum 0-2
  fare_product_id id -> fare_products.txt:fare_product_id

areas.txt key=area_id
  area_id! id
  area_name text

stop_areas.txt key=area_id,stop_id
  area_id! id -> areas.txt:area_id
  stop_id! id -> stops.txt:stop_id

networks.txt key=network_id
  network_id! id
  network_name text

route_networks.txt key=route_id
  network_id! id -> networks.txt:network_id
  route_id! id -> routes.txt:route_id

shapes.txt key=shape_id,shape_pt_sequence
  shape_id! id
  shape_pt_lat! latitude
  shape_pt_lon! longitude
  shape_pt_sequence! integer 0..
  shape_dist_traveled float 0..

frequencies.txt key=trip_id,start_time
  trip_id! id -> trips.txt:trip_id
  start_time! time
  end_time! time
  headway_secs! integer 1..
  exact_times enum 0-1

transfers.txt key=from_stop_id,to_stop_id,from_trip_id,to_trip_id,from_route_id,to_route_id
  from_stop_id id -> stops.txt:stop_id
  to_stop_id id -> stops.txt:stop_id
  from_route_id id -> routes.txt:route_id
  to_route_id id -> routes.txt:route_id
  from_trip_id id -> trips.txt:trip_id
  to_trip_id id -> trips.txt:trip_id
  transfer_type enum 0-5
  min_transfer_time integer 0..

pathways.txt key=pathway_id
  pathway_id! id
  from_stop_id! id -> stops.txt:stop_id
  to_stop_id! id -> stops.txt:stop_id
  pathway_mode! enum 1-7
  is_bidirectional! enum 0-1
  length float 0..
  traversal_time integer 1..
  stair_count signed
  max_slope float
  min_width float 0..
  signposted_as text
  reversed_signposted_as text

levels.txt key=level_id
  level_id! id
  level_index! float
  level_name text

location_groups.txt key=location_group_id
  location_group_id! id
  location_group_name text

location_group_stops.txt key=location_group_id,stop_id
  location_group_id! id -> location_groups.txt:location_group_id
  stop_id! id -> stops.txt:stop_id

booking_rules.txt key=booking_rule_id
  booking_rule_id! id
  booking_type! enum 0-2
  prior_notice_duration_min integer 0..
  prior_notice_duration_max integer 0..
  prior_notice_last_day integer 0..
  prior_notice_last_time time
  prior_notice_start_day integer 0..
  prior_notice_start_time time
  prior_notice_service_id id -> calendar.txt:service_id calendar_dates.txt:service_id
  message text
  pickup_message text
  drop_off_message text
  phone_number text
  info_url url
  booking_url url

translations.txt key=table_name,field_name,language,record_id,record_sub_id,field_value
  table_name! text
  field_name! text
  language! language
  translation! text
  record_id id
  record_sub_id id
  field_value text

feed_info.txt
  feed_publisher_name! text
  feed_publisher_url! url
  feed_lang! language
  default_lang language
  feed_start_date date
  feed_end_date date
  feed_version text
  feed_contact_email email
  feed_contact_url url

attributions.txt key=attribution_id
  attribution_id id
  agency_id id -> agency.txt:agency_id
  route_id id -> routes.txt:route_id
  trip_id id -> trips.txt:trip_id
  organization_name! text
  is_producer enum 0-1
  is_operator enum 0-1
  is_authority enum 0-1
  attribution_url url
  attribution_email email
  attribution_phone text
"""

LOCATIONS = "locations.geojson"
"""The one member of a feed that is not CSV."""


def _parse_field(line: str) -> Field:
    definition, _, targets = line.partition(" -> ")
    name, kind, *limits = definition.split()
    low: float | None = None
    high: float | None = None
    values: list[tuple[int, int]] = []
    for limit in limits:
        if ".." in limit:
            first, _, last = limit.partition("..")
            low = float(first) if first else None
            high = float(last) if last else None
        else:
            first, _, last = limit.partition("-")
            values.append((int(first), int(last or first)))
    references = tuple((file, column) for file, column in (target.split(":") for target in targets.split()))
    return Field(name.rstrip("!"), Kind(kind), name.endswith("!"), low, high, tuple(values), references)


def _parse_file(block: str) -> FileSpec:
    head, *lines = block.splitlines()
    name, *words = head.split()
    key = next((word.removeprefix("key=") for word in words if word.startswith("key=")), "")
    fields = tuple(_parse_field(line.strip()) for line in lines)
    return FileSpec(name, fields, "required" in words, tuple(key.split(",")) if key else ())


@cache
def list_files() -> tuple[FileSpec, ...]:
    """Every CSV file of the specification, in its order."""
    return tuple(_parse_file(block) for block in SPECIFICATION.strip().split("\n\n"))


@cache
def get_file(name: str) -> FileSpec:
    """The file of that name; KeyError where the specification has none."""
    for spec in list_files():
        if spec.name == name:
            return spec
    raise KeyError(name)
