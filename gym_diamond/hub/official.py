"""The 26 worlds of Atari-100k whose weights the authors of DIAMOND released, made into world directories.

Their checkpoints hold the world and the policy that was trained in it, but no moment of real play to start from; such
moments come with this package. A checkpoint is fetched once, checked, read without running any code in it, and kept
as safetensors; the file itself is not kept.
"""

from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from gym_diamond.checkpoint import POLICY, save_world
from gym_diamond.errors import GymDiamondError, HubError
from gym_diamond.files import write_tensors
from gym_diamond.hub.address import RELEASE
from gym_diamond.hub.bundled import bundled_contexts
from gym_diamond.hub.cache import alone, filling, is_world, loads, official_place
from gym_diamond.hub.connection import check_reachable
from gym_diamond.hub.download import RemoteFile, fetch_file, find_file
from gym_diamond.world_models.diamond.upstream import load_released
from gym_diamond.world_models.protocol import WorldSpec

FILE_BYTES = 54_300_000  # of a checkpoint, nearly
MAX_FILE_BYTES = 2**28


def official_world(game: str, *, refresh: bool = False) -> Path:
    """The authors' world of `game`, one of the 26 of Atari-100k: from the cache, else from the Hub into it.

    Args:
        game: its name.
        refresh: fetch it again if it is damaged.

    Raises:
        HubError: it cannot be had; the cache is then as it was.
    """
    place = official_place(game)
    if is_world(place) and not (refresh and not loads(place)):
        return place
    check_reachable()
    with alone(f"{game}-{RELEASE.revision}"):
        if not is_world(place) or (
            refresh and not loads(place)
        ):  # another process may have brought it while this one waited
            _fetch(game, place)
    return place


def _fetch(game: str, place: Path) -> None:
    file = find_file(RELEASE, f"atari_100k/models/{game}.pt", MAX_FILE_BYTES)
    with filling(place, 2 * file.size) as staging:
        checkpoint = staging / f"{game}.pt"
        with tqdm(total=file.size, desc=f"{game} from the Hub", unit="B", unit_scale=True) as bar:
            fetch_file(file, checkpoint, bar)
        try:
            _convert(checkpoint, game, file, staging)
        except GymDiamondError as error:
            raise HubError(
                f"{file.name} of {RELEASE.repository} cannot be made into a world: {error} Nothing was kept."
            ) from error
        checkpoint.unlink()


def _convert(checkpoint: Path, game: str, file: RemoteFile, directory: Path) -> None:
    """Write the world and the policy in `checkpoint` into `directory`."""
    world, policy = load_released(checkpoint, game)
    provenance = _provenance(file)
    save_world(
        directory,
        model=world,
        state_dict=world.state_dict(),
        contexts=bundled_contexts(game),
        provenance=provenance,
        card=_card(world.spec, provenance),
    )
    write_tensors(directory / POLICY, policy.state_dict(), {"format": "pt"})


def _provenance(file: RemoteFile) -> dict[str, Any]:
    return {
        "source": {
            "repository": file.address.repository,
            "revision": file.address.revision,
            "file": file.name,
            "bytes": file.size,
            "hash": file.digest,
            "licence": None,
        },
        "datasets": [],
        "episodes": [],
        "backend": "diamond",
        "preset": "paper",
        "contexts": "bundled with gym-diamond: real play by random, sticky and scripted policies",
        "versions": {"torch": torch.__version__},
    }


def _card(spec: WorldSpec, provenance: dict[str, Any]) -> str:
    source = provenance["source"]
    return (
        f"# {spec.game}, dreamt\n\n"
        f"The world of {spec.game} that the authors of DIAMOND (Alonso et al., NeurIPS 2024) released, converted for "
        f"the Python package `gym-diamond`. Frames are {spec.height} x {spec.width}, {spec.fps} a second; it has "
        f"{spec.num_actions} actions ({', '.join(spec.action_meanings)}).\n\n"
        f"- From `{source['file']}` of [{source['repository']}](https://huggingface.co/{source['repository']}) at "
        f"revision `{source['revision']}`, fitted by them to 100,000 steps of the agent's own play.\n"
        "- Preset `paper`, with their quantizer (`floor`). Their policy is `policy.safetensors`.\n"
        "- They name no licence for these weights: think before you pass them on.\n"
        "- Its start states are ours: real play by random, sticky and scripted policies. "
        f"`gym-diamond pull {spec.game} --contexts 1000` collects more with their policy.\n"
        "\nHow far it can be trusted has not been measured yet: `gym-diamond evaluate` does that.\n"
    )
