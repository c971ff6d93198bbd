"""What two clocks differ by, as a line through what is known of some moments, and how wrong it may be.

The line is fitted by weighted least squares. The weight of a point is one over the square of its possible
error, less what all points have in common (:data:`_COMMON`). The slope, which is the drift, is held towards 0
as long as the points do not tell it (ridge regression).

What the line says of a moment is a weighted sum of what the points say, with weights v_i. If point i is wrong
by e_i at the most, and the clocks drift by no more than :data:`MAX_DRIFT`, that sum is wrong by no more than
the sum of ``abs(v_i) * e_i``, and by the part of the drift that was held back. This bound needs nothing to be
known of how the errors are distributed. The drift itself may change, by :data:`WANDER`: to e_i is added what
that comes to until the last point, and to the sum what it comes to from there.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_DRIFT = 500e-6
"""Of one clock against the other, at the most: what RFC 5905 tolerates (MAXFREQ). Crystals keep to 100e-6."""

WANDER = 1e-6
"""So much the drift changes while points are remembered, as that of a crystal that gets warmer."""

_USUAL_DRIFT = 300e-6
"""What is expected before anything is known."""

_COMMON = 0.8
"""So much of the error of the best point is taken to be the same in all: how its round trip divides into the
ways there and back. The drift does not depend on it."""


class Point(NamedTuple):
    """What is known of a moment.

    Attributes:
        board: The moment, by the board's clock; seconds.
        ahead: What the host's clock showed less what the board's did; seconds.
        error: By how much that may be wrong; more than 0.
    """

    board: float
    ahead: float
    error: float


class Line:
    """What the host's clock is ahead, as a line over the board's clock.

    Args:
        points: What it goes through; at least one, in their order.

    Attributes:
        slope: The drift: seconds by which the host's clock gains in a second of the board's.
        slope_error: By how much that may be wrong.
    """

    def __init__(self, points: list[Point]) -> None:
        self._last = points[-1].board
        # The further back, the more the drift may have been another one.
        self._doubts = [point.error + WANDER * (self._last - point.board) for point in points]
        least = min(point.error for point in points)
        weights = [(doubt - _COMMON * least) ** -2 for doubt in self._doubts]
        total = sum(weights)
        self._shares = [weight / total for weight in weights]
        self._centre = sum(share * point.board for share, point in zip(self._shares, points, strict=True))
        self._middle = sum(share * point.ahead for share, point in zip(self._shares, points, strict=True))
        arms = [weight * (point.board - self._centre) for weight, point in zip(weights, points, strict=True)]
        held = _USUAL_DRIFT**-2
        spread = held + sum(
            arm * (point.board - self._centre) for arm, point in zip(arms, points, strict=True)
        )
        self._pulls = [arm / spread for arm in arms]
        self._unknown = MAX_DRIFT * held / spread
        self.slope = sum(pull * point.ahead for pull, point in zip(self._pulls, points, strict=True))
        self.slope_error = self._unknown + sum(
            abs(pull) * doubt for pull, doubt in zip(self._pulls, self._doubts, strict=True)
        )
        self._last_error = self.error(self._last)

    def __call__(self, board: float) -> float:
        """What the host's clock is ahead when the board's shows something."""
        return self._middle + self.slope * (board - self._centre)

    def board_at(self, host: float) -> float:
        """What the board's clock shows when the host's shows something."""
        return (host - self._middle + self.slope * self._centre) / (1 + self.slope)

    def error(self, board: float) -> float:
        """By how much it may be wrong of a moment."""
        away = board - self._centre
        later = WANDER * abs(board - self._last) + self._unknown * abs(away)
        return later + sum(
            abs(share + away * pull) * doubt
            for share, pull, doubt in zip(self._shares, self._pulls, self._doubts, strict=True)
        )

    def rough_error(self, board: float) -> float:
        """The same or more, and quicker; of moments behind the last point."""
        return self._last_error + abs(board - self._last) * (self.slope_error + WANDER)
