"""Heights from a GeoTIFF, and what slopes do to times."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from street_town import Town

from mobility.streets.compile import read_streets
from mobility.streets.elevation import Raster, heights_at, read_raster
from mobility.streets.notices import Notices
from mobility.streets.profiles import SPEED_MPS, Profile
from mobility.streets.speeds import PUSH_MPS, slope_share

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "osm"
AREA, POINT = 1, 2


def write_tiff(path, heights, west=120.0, north=23.0, step=0.01, raster=AREA, model=2, crs=4326, nodata=None):
    """A GeoTIFF whose first cell's north-west corner (or point) is at ``west``, ``north``."""
    keys = (1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, raster, 2048, 0, 1, crs)
    tags = [(33550, "d", 3, (step, step, 0.0), True), (33922, "d", 6, (0.0, 0.0, 0.0, west, north, 0.0), True)]
    tags.append((34735, "H", len(keys), keys, True))
    if nodata is not None:
        tags.append((42113, "s", 0, str(nodata), True))
    tifffile.imwrite(path, np.asarray(heights), extratags=tags, metadata=None)
    return path


def read(path):
    """The raster and the notices."""
    notices = Notices(Path("town.osm.pbf"))
    return read_raster(path, notices), notices.list_all()


def test_heights_are_those_of_cells_and_between_them(tmp_path):
    """At a centre the cell's own height; midway the mean; outside of the grid none."""
    raster, told = read(write_tiff(tmp_path / "dem.tif", np.array([[10, 20], [30, 50]], np.int16)))
    assert told == ()
    lat = np.array([22.995, 22.995, 22.985, 22.99, 22.9999, 23.1, 22.995])
    lon = np.array([120.005, 120.01, 120.015, 120.01, 120.0001, 120.005, 119.9])
    found = heights_at(raster, lat, lon)
    assert found[:5] == pytest.approx([10, 15, 50, 27.5, 10])
    assert np.isnan(found[5:]).all()


def test_a_raster_of_points_is_not_shifted(tmp_path):
    """With PixelIsPoint the tie is the centre of the first cell."""
    raster, _ = read(write_tiff(tmp_path / "dem.tif", np.array([[10.0, 20.0]], np.float32), raster=POINT))
    assert heights_at(raster, np.array([23.0, 23.0]), np.array([120.0, 120.01])) == pytest.approx([10, 20])


def test_the_sea_has_a_height(tmp_path):
    """Without a value for missing data, zero is a height like others."""
    raster, _ = read(write_tiff(tmp_path / "dem.tif", np.zeros((2, 2), np.uint8)))
    assert heights_at(raster, np.array([22.99]), np.array([120.01])).tolist() == [0.0]


def test_unknown_cells_count_for_nothing(tmp_path):
    """A cell without data leaves the word to its neighbours; among such cells nothing is known."""
    heights = np.array([[10, -9999, -9999], [10, -9999, -9999]], np.int16)
    raster, _ = read(write_tiff(tmp_path / "dem.tif", heights, nodata=-9999))
    found = heights_at(raster, np.array([22.99, 22.99]), np.array([120.01, 120.02]))
    assert found[0] == 10
    assert np.isnan(found[1])


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_heights_equal_the_formula_cell_by_cell(rows, columns, data):
    """The vectors give what the definition gives for a single point."""
    value = st.floats(-100, 4000)
    grid = np.array(
        data.draw(st.lists(st.lists(value, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    )
    y, x = data.draw(st.floats(0, rows - 1)), data.draw(st.floats(0, columns - 1))
    raster = Raster(grid, 120.0, 23.0, 0.01, 0.01)
    found = heights_at(raster, np.array([23.0 - 0.01 * y]), np.array([120.0 + 0.01 * x]))
    r, c = min(int(y), rows - 1), min(int(x), columns - 1)
    low, right = min(r + 1, rows - 1), min(c + 1, columns - 1)
    upper = grid[r, c] * (1 - (x - c)) + grid[r, right] * (x - c)
    lower = grid[low, c] * (1 - (x - c)) + grid[low, right] * (x - c)
    assert found[0] == pytest.approx(upper * (1 - (y - r)) + lower * (y - r), abs=1e-3, rel=1e-6)


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"model": 1, "crs": 3826}, "elevation_not_wgs84"), ({"crs": 3824}, "elevation_not_wgs84")],
)
def test_other_reference_systems_are_told(tmp_path, facts, code):
    """Projected rasters and other datums are not guessed at."""
    raster, told = read(write_tiff(tmp_path / "dem.tif", np.zeros((2, 2), np.int16), **facts))
    assert raster is None
    assert [notice.code for notice in told] == [code]
    assert "EPSG:4326" in told[0].message


def test_files_that_are_no_rasters_are_told(tmp_path):
    """Missing, another format, cut off, or a picture without place: a notice, and streets are level."""
    whole = write_tiff(tmp_path / "dem.tif", np.zeros((50, 50), np.int16)).read_bytes()
    (tmp_path / "text.tif").write_text("no raster")
    (tmp_path / "half.tif").write_bytes(whole[: len(whole) // 2])
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((3, 3), np.uint8))
    for name in ("gone.tif", "text.tif", "half.tif", "plain.tif"):
        town = Town().node("a", 0, 0).node("b", 100, 0)
        town.way("a b")
        result = town.read(tmp_path, elevation=tmp_path / name)
        assert len(result.notices) == 1, name
        assert name in result.notices[0].message
        assert np.isnan(result.graph.elevation_m).all()


@pytest.fixture
def hill(tmp_path):
    """A street of 500 m from a at the foot to b on a hill; heights fall to the west at ``percent``."""

    def build(percent, tags="highway=residential"):
        step = 0.001
        east = np.arange(40) * step * 111_194.93 * np.cos(np.radians(22.63))
        heights = np.tile(np.maximum(0, (east - 2000) * percent / 100), (20, 1)).astype(np.float32)
        dem = write_tiff(tmp_path / "dem.tif", heights, west=120.28 - step / 2, north=22.64, step=step)
        town = Town().node("a", 0, 0).node("b", 500, 0)
        town.way("a b", tags)
        return town.read(tmp_path, elevation=dem)

    return build


def test_climbing_takes_longer(hill):
    """Bicycles and walkers are slower uphill, after the stated formulas; motors are not."""
    read = hill(5)
    assert read.seconds(Profile.BICYCLE, "a", "b") == pytest.approx(500 / 4.2 / (1 - 1.44 / 21.6 * 5), rel=0.01)
    assert read.seconds(Profile.BICYCLE, "b", "a") == pytest.approx(500 / 4.2 / (1 + 0.86 / 21.6 * 5), rel=0.01)
    assert read.seconds(Profile.FOOT, "a", "b") == pytest.approx(500 / 1.33 * np.exp(3.5 * 0.05), rel=0.01)
    assert read.seconds(Profile.FOOT, "b", "a") < read.seconds(Profile.FOOT, "a", "b")
    assert read.seconds(Profile.CAR, "a", "b") == read.seconds(Profile.CAR, "b", "a")


def test_too_steep_for_wheelchairs(hill):
    """Beyond 1:12 a way is closed both ways; a tag about its incline goes before the raster; on a bridge it is level."""
    assert hill(8).is_linked(Profile.WHEELCHAIR, "a", "b")
    steep = hill(9)
    assert not steep.is_linked(Profile.WHEELCHAIR, "a", "b")
    assert not steep.is_linked(Profile.WHEELCHAIR, "b", "a")
    assert hill(9, "highway=residential incline=2%").is_linked(Profile.WHEELCHAIR, "a", "b")
    bridge = hill(9, "highway=residential bridge=yes")
    assert bridge.seconds(Profile.FOOT, "a", "b") == pytest.approx(500 / 1.33, rel=0.01)


@given(st.floats(-1, 1))
def test_nobody_is_slower_than_pushing(slope):
    """A bicycle up any hill goes at least at the speed of pushing; wheelchairs gain nothing downhill."""
    share = slope_share(np.array([slope, np.nan]), Profile.BICYCLE)
    assert PUSH_MPS / SPEED_MPS[Profile.BICYCLE] <= share[0] <= 1.3
    assert share[1] == 1
    assert slope_share(np.array([slope]), Profile.WHEELCHAIR)[0] <= 1


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared reference data beside the checkout")
def test_a_real_city():
    """Porto Alegre: nearly all nodes have a height that is one of its hills', and steep streets close to wheelchairs."""
    level, _ = read_streets(SHARED / "poa.osm.pbf", profiles=[Profile.WHEELCHAIR])
    graph, told = read_streets(
        SHARED / "poa.osm.pbf", elevation=SHARED / "poa_elevation.tif", profiles=[Profile.WHEELCHAIR]
    )
    known = graph.elevation_m[~np.isnan(graph.elevation_m)]
    assert len(known) > 0.95 * len(graph.elevation_m)
    assert 0 <= known.min() < 10
    assert 60 < known.max() < 320
    assert "elevation_missing" in [notice.code for notice in told]
    before, after = (g.profiles[Profile.WHEELCHAIR].fwd_ds > 0 for g in (level, graph))
    assert 0.02 < 1 - after.sum() / before.sum() < 0.3
    assert not (after & ~before).any()
