from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belay.remote.clockline import MAX_DRIFT, Line, Point


def test_one_point_says_nothing_of_the_drift() -> None:
    line = Line([Point(10.0, 2.0, 0.001)])
    assert line(10.0) == line(1000.0) == 2.0
    assert (line.slope, line.slope_error) == (0.0, MAX_DRIFT)
    assert line.error(10.0) == pytest.approx(0.001)
    # It may have drifted since; the rest is how far the drift may have changed.
    assert line.error(11.0) == pytest.approx(0.001 + MAX_DRIFT, abs=2e-6)


def test_exact_points_tell_the_drift() -> None:
    line = Line([Point(at, 5.0 + 100e-6 * at, 1e-7) for at in range(100)])
    assert line.slope == pytest.approx(100e-6, abs=1e-9)
    assert line(150.0) == pytest.approx(5.015, abs=1e-7)
    assert line.slope_error < 2e-6


def test_what_was_long_ago_counts_for_less() -> None:
    # As if the crystal got warm after the first half.
    points = [Point(at, 0.0 if at < 1000 else (at - 1000) * 10e-6, 1e-5) for at in range(0, 2001, 50)]
    assert Line(points)(2000) == pytest.approx(0.01, abs=0.001)


def test_an_inexact_point_moves_it_hardly() -> None:
    points = [Point(at, 1.0, 1e-4) for at in range(20)]
    assert Line([*points, Point(20.0, 1.02, 2e-2)])(20.0) == pytest.approx(1.0, abs=1e-4)


@given(st.floats(-MAX_DRIFT, MAX_DRIFT), st.floats(-1e6, 1e6))
def test_board_at_is_the_way_back(slope: float, ahead: float) -> None:
    line = Line([Point(at, ahead + slope * at, 1e-6) for at in (0.0, 50.0, 100.0)])
    assert line.board_at(70.0 + line(70.0)) == pytest.approx(70.0, abs=1e-8)


moments = st.lists(
    st.tuples(
        st.floats(0.25, 600.0),  # seconds since the one before
        st.floats(1e-5, 1.0),  # its possible error
        st.floats(-1.0, 1.0),  # and how much of that it is wrong
    ),
    min_size=1,
    max_size=12,
)


@given(moments, st.floats(-MAX_DRIFT, MAX_DRIFT), st.floats(0.0, 1000.0))
@example([(1.0, 0.001, 1.0), (1.0, 0.5, -1.0), (500.0, 0.001, 1.0)], MAX_DRIFT, 1000.0)
def test_the_error_is_never_larger_than_it_says(
    moments: list[tuple[float, float, float]], drift: float, later: float
) -> None:
    """Whatever the errors are, as long as each is within what its point allows."""
    at, points = 0.0, []
    for pause, error, part in moments:
        at += pause
        points.append(Point(at, 3.0 + drift * at + error * part, error))
    line = Line(points)
    assert abs(line.slope - drift) <= line.slope_error * (1 + 1e-9)
    for moment in (points[0].board, at, at + later):
        assert abs(line(moment) - 3.0 - drift * moment) <= line.error(moment) * (1 + 1e-9)
    assert line.error(at + later) <= line.rough_error(at + later) * (1 + 1e-9)
