"""The polyline encoding is Google's, and loses nothing beyond its precision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.mapping.polyline import decode_polyline, encode_polyline
from mobility.model import Coordinate

points = st.builds(Coordinate, st.floats(-90, 90, allow_nan=False), st.floats(-180, 180, allow_nan=False))


def test_the_example_of_the_definition():
    """The line that Google's documentation encodes, at its precision of 5."""
    line = (Coordinate(38.5, -120.2), Coordinate(40.7, -120.95), Coordinate(43.252, -126.453))
    encoded = encode_polyline(line, precision=5)
    assert encoded.points == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
    assert encoded.length == 3


@given(st.lists(points, max_size=20))
def test_what_is_encoded_decodes(line):
    """Any line comes back, each coordinate within half a unit of the sixth digit."""
    back = decode_polyline(encode_polyline(line))
    assert len(back) == len(line)
    for was, now in zip(line, back, strict=True):
        assert now.lat == pytest.approx(was.lat, abs=6e-7)
        assert now.lon == pytest.approx(was.lon, abs=6e-7)
