"""A checkout of the reference implementation: whether it is one, and the modules of it that a step needs.

Only those are imported, so neither the emulator nor its image library has to be there.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from gym_diamond.errors import InvalidArgument, MissingExtra

ENV_FILE = Path("src/envs/world_model_env.py")
FILES = (ENV_FILE, Path("src/models/rew_end_model.py"), Path("src/models/diffusion/__init__.py"))
ADDRESS = "https://github.com/eloialonso/diamond"


class ReferenceModules(NamedTuple):
    """The modules whose classes are used."""

    diffusion: ModuleType
    rew_end_model: ModuleType
    world_model_env: ModuleType


def check_checkout(checkout: Path) -> None:
    """Nothing, if the reference seems to be in the folder `checkout`.

    Raises:
        InvalidArgument: it is not.
    """
    missing = [str(file) for file in FILES if not (checkout / file).is_file()]
    if missing:
        what = "does not exist" if not checkout.is_dir() else f"has no {', no '.join(missing)}"
        raise InvalidArgument(
            f"--reference {checkout} is no checkout of the reference implementation: it {what}. "
            f"Get one: git clone {ADDRESS}"
        )


def load_modules(checkout: Path) -> ReferenceModules:
    """The modules of the reference, in a process that has no others of these names.

    Raises:
        InvalidArgument: it is no checkout of the reference.
        MissingExtra: it imports a package that is not installed.
    """
    check_checkout(checkout)
    sys.path.insert(0, str((checkout / "src").resolve()))
    try:
        diffusion, judge = importlib.import_module("models.diffusion"), importlib.import_module("models.rew_end_model")
        return ReferenceModules(diffusion, judge, _load_file("world_model_env", checkout / ENV_FILE))
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        raise MissingExtra(
            f"--reference {checkout}: the reference imports {name}, which is not installed here: pip install {name}"
        ) from error


def can_load(checkout: str) -> bool:
    """True, if the modules of the reference can be imported; run it in a process of its own.

    Raises:
        InvalidArgument: it is no checkout of the reference.
        MissingExtra: it imports a package that is not installed.
    """
    return bool(load_modules(Path(checkout)))


def _load_file(name: str, path: Path) -> ModuleType:
    """The module in a file, without its package, whose `__init__` would import the emulator."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidArgument(f"{path} is no Python file that can be imported.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
