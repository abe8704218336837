"""A dream card as the Hub's model card: its own text, below the front matter that the Hub reads."""

import re
from collections.abc import Mapping
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from gym_diamond.world_models.protocol import WorldSpec

LIBRARY = "gym-diamond"
MARKS = ("5", "15", "50")  # frames at which the drift is told in the front matter, where it was measured

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_LICENCE = re.compile(r"^license:\s*['\"]?([\w.+-]+)", re.MULTILINE)
_USE = re.compile(r"<!-- use -->.*?<!-- /use -->\n*", re.DOTALL)


def model_card(
    card: str,
    spec: WorldSpec,
    provenance: Mapping[str, Any],
    metrics: Mapping[str, Any],
    repository: str,
    licence: str,
) -> str:
    """`card` with front matter and with how to dream the world; those of another repository are replaced.

    Args:
        card: the text of the world's README.md.
        spec: the world's.
        provenance: the world's.
        metrics: what was measured of it; {} if nothing was.
        repository: OWNER/NAME, where it will be.
        licence: as the Hub names it: "mit", "cc-by-4.0", ...
    """
    data = ModelCardData(
        license=licence,
        library_name=LIBRARY,
        pipeline_tag="reinforcement-learning",
        tags=["world-model", "gymnasium", "diffusion", "diamond", "arxiv:2405.12399", f"game:{spec.game}"],
        model_name=repository.split("/")[1],
        eval_results=_results(metrics) or None,
        provenance=_origin(provenance),
    )
    before = _USE.sub("", _FRONT_MATTER.sub("", card)).strip()
    title, _, rest = before.partition("\n")
    return f"---\n{data.to_yaml()}\n---\n\n{title}\n\n{_use(repository)}\n\n{rest.strip()}\n"


def named_licence(card: str) -> str | None:
    """The licence in the front matter of `card`, as the Hub names it; None if there is none."""
    front_matter = _FRONT_MATTER.match(card)
    named = _LICENCE.search(front_matter.group()) if front_matter else None
    return named.group(1) if named else None


def _use(repository: str) -> str:
    return (
        f"<!-- use -->\n```sh\npip install {LIBRARY}\n```\n\n```python\nimport gymnasium, gym_diamond\n\n"
        f'env = gymnasium.make("gym_diamond:DiamondDream-v0", world="hub:{repository}")\n```\n\n'
        "Loading it runs no code from it: tensors, JSON and arrays only.\n<!-- /use -->"
    )


def _origin(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The data in short; `provenance.json` names every episode. Minari's names are not those of data on the Hub."""
    kept = ("source", "transitions", "transitions_by_policy", "command", "date")
    short = {"minari_datasets": provenance.get("datasets"), **{name: provenance.get(name) for name in kept}}
    return {name: value for name, value in short.items() if value}


def _results(metrics: Mapping[str, Any]) -> list[EvalResult]:
    drift = metrics.get("drift", {}).get("psnr", {})
    return [
        EvalResult(
            task_type="reinforcement-learning",
            task_name="world modelling",
            dataset_type="minari",
            dataset_name=metrics["held_out"]["dataset"],
            metric_type="psnr",
            metric_name=f"PSNR {mark} frames after the start, open loop, dB",
            metric_value=round(drift[mark]["mean"], 2),
        )
        for mark in MARKS
        if mark in drift
    ]
