"""Real play that a world has not seen, on which it can be judged.

A world judged on play that it was fitted to looks better than it is. So every episode of a fit is named in the world's
provenance by the digest of its content, and here one that is named there is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gym_diamond.data import dataset
from gym_diamond.data.dataset import DatasetInfo
from gym_diamond.data.episode import Episode, digest
from gym_diamond.data.images import View
from gym_diamond.errors import InvalidDataset
from gym_diamond.fitting.provenance import fitted_episodes
from gym_diamond.world_models.protocol import WorldSpec


def load_held_out(name: str, spec: WorldSpec, provenance: Mapping[str, Any]) -> list[Episode]:
    """The episodes of the dataset `name`, on which a world with this `spec` and `provenance` can be judged.

    They are looked at as those of the fit were: the same image of each observation, resized likewise.

    Raises:
        InvalidDataset: it has other frames or actions than the world, or an episode that the world was fitted to.
    """
    info, episodes = dataset.load(name, view_of(provenance))
    check_fits(name, info, spec)
    check_unseen(name, episodes, spec, provenance)
    return episodes


def view_of(provenance: Mapping[str, Any]) -> View:
    """How the fit with this `provenance` looked at its datasets."""
    config = provenance.get("config", {})
    resize = config.get("resize")
    return View(config.get("image_key"), None if resize is None else (resize[0], resize[1]))


def check_unseen(name: str, episodes: Sequence[Episode], spec: WorldSpec, provenance: Mapping[str, Any]) -> None:
    """Nothing, if a world with this `spec` and `provenance` was fitted to none of the `episodes` of dataset `name`.

    Raises:
        InvalidDataset: it was.
    """
    seen = fitted_episodes(provenance)
    known = [index for index, episode in enumerate(episodes) if digest(episode) in seen]
    if known:
        raise InvalidDataset(
            f"{len(known)} of the {len(episodes)} episodes of dataset {name!r} were used to fit this world (the first "
            f"is episode {known[0]}), so it says nothing about new play. Collect play with another seed: by "
            "the command that collected the play of the fit, with "
            f"`--seed 1000003 --dataset {spec.game.lower()}/heldout-v0`."
        )


def check_fits(name: str, info: DatasetInfo, spec: WorldSpec) -> None:
    """Nothing, if play described by `info` can be compared with dreams of a world with this `spec`.

    Raises:
        InvalidDataset: its frames or actions are others, or it lacks the rewards or ends that the world dreams.
    """
    found, asked = (info.height, info.width, info.channels), (spec.height, spec.width, spec.channels)
    if found != asked:
        raise InvalidDataset(
            f"The frames of dataset {name!r} are {found}; this world dreams {asked} (height, width, channels). "
            "Collect held-out play just as the play that the world was fitted to."
        )
    for what, told, known in (("rewards", info.has_rewards, spec.has_rewards), ("ends", info.has_ends, spec.has_ends)):
        if known and not told:
            raise InvalidDataset(
                f"Dataset {name!r} does not tell {what}, and this world dreams them: they cannot be judged. Choose a "
                f"dataset with {what}."
            )
    if (info.action_meanings, info.action_sizes) != (spec.action_meanings, spec.action_sizes):
        theirs, ours = info.choices.describe(info.action_meanings), spec.choices.describe(spec.action_meanings)
        raise InvalidDataset(
            f"The actions of dataset {name!r} are {theirs}; this world of {spec.game} has {ours}. Choose a dataset of "
            "the same game and the same actions."
        )
