"""What recordings hold, taken together, in a few lines for a person who wants to see whether it is right."""

from collections import Counter
from collections.abc import Mapping, Sequence

from gym_diamond.collection.importing import Facts
from gym_diamond.data.dataset import DatasetInfo

BAR = 24  # characters of the longest bar of a histogram
MAX_REWARDS = 16  # values that are listed


def summarize(info: DatasetInfo, facts: Sequence[Facts]) -> str:
    """The lines that tell how much there is, of what size, and how often each action and reward was seen."""
    sizes = Counter(" x ".join(map(str, each.size[:2])) for each in facts)
    pictures, steps = sum(each.pictures for each in facts), sum(each.steps for each in facts)
    episodes, ends = sum(each.episodes for each in facts), sum(each.ends for each in facts)
    dropped = sum(each.dropped for each in facts)
    lines = [
        f"recordings  {len(facts):,}, in all {pictures:,} pictures of {_counted(sizes)} (height x width)",
        f"episodes    {episodes:,}, in all {steps:,} steps, {info.fps} a second",
        f"frames      {info.height} x {info.width}, {'grey' if info.channels == 1 else 'colour'}",
        f"ends        {_ends(info, episodes, ends)}",
        f"rewards     {_rewards(info, sum((each.rewards for each in facts), Counter()))}",
        "actions",
        *_actions(info, sum((each.actions for each in facts), Counter())),
    ]
    if dropped:
        lines.append(
            f"note        {dropped:,} of {len(facts):,} recordings have as many pictures as actions: the last action "
            "of each leads to nothing that was seen and is left out; its reward and end count for the step before"
        )
    return "\n".join(lines)


def _counted(sizes: Mapping[str, int]) -> str:
    if len(sizes) == 1:
        return next(iter(sizes))
    return ", ".join(f"{size} (in {count})" for size, count in sizes.items())


def _ends(info: DatasetInfo, episodes: int, ends: int) -> str:
    if not info.has_ends:
        return "none are told: a dream of this will never end"
    return f"{ends:,} of {episodes:,} episodes end with the game, the others are cut off"


def _rewards(info: DatasetInfo, counts: Mapping[float, int]) -> str:
    if not info.has_rewards:
        return "none are told: a dream of this will always give reward 0"
    if len(counts) > MAX_REWARDS:
        return f"{len(counts):,} values from {min(counts):g} to {max(counts):g}"
    return ", ".join(f"{value:g} ({count:,} times)" for value, count in sorted(counts.items()))


def _actions(info: DatasetInfo, counts: Mapping[tuple[int, ...], int]) -> list[str]:
    """A line for each name of an action, part by part, those that were never taken included."""
    sizes, first, lines = info.action_sizes or (info.num_actions,), 0, []
    for part, size in enumerate(sizes):
        taken: Counter[int] = Counter()
        for action, count in counts.items():
            taken[action[part]] += count
        total = max(taken.total(), 1)
        for number, name in enumerate(info.action_meanings[first : first + size]):
            label = f"{number} {name}" if name != str(number) else name
            label = f"part {part}: {label}" if len(sizes) > 1 else label
            bar = "#" * round(BAR * taken[number] / max(taken.values(), default=1))
            lines.append(f"  {label:<18} {taken[number]:>9,} {taken[number] / total:>6.1%} {bar}".rstrip())
        first += size
    return lines
