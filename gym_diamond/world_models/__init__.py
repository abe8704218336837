"""The world models, by backend. A backend is imported only when a world of its kind is built; adding one adds a line
to `BACKENDS`.

A backend is a module with `config_type` (a frozen dataclass), `presets`, `loss_config_type`, `build`, `objectives`, and
`faster_step`, which gives a faster equal of a world's step (see `envs/compiled.py`).
"""

import importlib
from typing import Any

from gym_diamond.errors import InvalidWorld

BACKENDS = {"diamond": "gym_diamond.world_models.diamond"}


def backend(name: str) -> Any:
    """The module of the backend called `name`.

    Raises:
        InvalidWorld: there is no such backend.
    """
    if name not in BACKENDS:
        raise InvalidWorld(f"There is no world-model backend {name!r}; this version has {', '.join(BACKENDS)}.")
    return importlib.import_module(BACKENDS[name])
