"""The returns of policies in the dream against those in the game."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from gym_diamond.evaluation.figures.canvas import COPY, DREAM, INK, panels, picture
from gym_diamond.evaluation.markdown import with_interval

MOST_LINES = 24  # of the list beside the plot


def draw_ranking(ranking: Mapping[str, Any]) -> Image.Image:
    """A numbered dot for each policy, with 95% intervals both ways; on the diagonal both returns are equal.

    Args:
        ranking: that section of metrics.json.
    """
    policies = sorted(ranking["policies"], key=lambda policy: policy["real"]["mean"])
    figure, axes = panels(1, 1, 6.0, 4.2)
    plot = axes[0, 0]
    low, high = _limits(policies)
    plot.plot([low, high], [low, high], color=COPY, linewidth=1, linestyle="--", zorder=1)
    for number, policy in enumerate(policies, start=1):
        _dot(plot, policy["real"], policy["dream"], number)
        height = 1 - (number - 0.5) / max(len(policies), MOST_LINES / 2)
        plot.text(1.04, height, f"{number}  {policy['name']}", transform=plot.transAxes, fontsize=8, color=INK)
    plot.set_xlim(low, high)
    plot.set_ylim(low, high)
    plot.set_aspect("equal", anchor="W")
    plot.set_xlabel(f"return in the game, {ranking['horizon']} steps", fontsize=9, color=INK)
    plot.set_ylabel("return in the dream", fontsize=9, color=INK)
    correlations = [f"{name.title()} {with_interval(ranking[name])}" for name in ("pearson", "spearman")]
    plot.set_title(", ".join(correlations), fontsize=10, color=INK, loc="left")
    return picture(figure)


def _dot(plot: Any, real: Mapping[str, Any], dream: Mapping[str, Any], number: int) -> None:
    x, y = real["mean"], dream["mean"]
    for xs, ys in (((real["low"], real["high"]), (y, y)), ((x, x), (dream["low"], dream["high"]))):
        if None not in xs + ys:
            plot.plot(xs, ys, color=DREAM, linewidth=1, alpha=0.6, zorder=2)
    plot.plot(x, y, "o", color=DREAM, markersize=11, markeredgecolor="white", zorder=2 + number / 100)
    plot.text(x, y, f"{number}", color="white", fontsize=7, ha="center", va="center", zorder=2 + number / 100)


def _limits(policies: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """The same for both axes, so that the diagonal is one."""
    returns = [policy[where] for policy in policies for where in ("real", "dream")]
    values = [each[key] for each in returns for key in ("mean", "low", "high") if each[key] is not None]
    room = 0.06 * (max(values) - min(values)) or 1.0
    return min(values) - room, max(values) + room
