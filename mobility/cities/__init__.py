"""Cities: a folder of configuration and tables of facts each, and the city-neutral code that makes feeds of them."""

from mobility.cities.build_city import CityFiles, build_city, ensure_city
from mobility.cities.catalog import City, find_city, list_cities
from mobility.cities.errors import CityError, TableError

__all__ = ["City", "CityError", "CityFiles", "TableError", "build_city", "ensure_city", "find_city", "list_cities"]
