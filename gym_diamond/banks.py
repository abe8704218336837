"""Where dreams of a world may begin: its banks of contexts, by name or by path, and whether they fit it."""

from pathlib import Path

from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.world_models.protocol import WorldSpec

CONTEXTS = "contexts.npz"  # of every world
COMING = "coming.npz"  # moments of one kind, which dreams begin in only if they are asked for


def contexts_path(directory: Path, given: str | Path | None) -> Path:
    """The file of the contexts that a caller of the world in `directory` calls `given` (see `load_world`).

    Raises:
        InvalidArgument: there is none.
    """
    if given is None:
        return directory / CONTEXTS
    if not isinstance(given, (str, Path)):
        raise InvalidArgument(f"contexts is {given!r}; give a name or a path, as text.")
    path = Path(given).expanduser()
    if path.suffix.lower() == ".npz":
        if path.is_file():
            return path
        said = f"there is no such file (looked for {path.absolute()})"
    elif path.name == str(given):
        if (directory / f"{given}.npz").is_file():
            return directory / f"{given}.npz"
        said = f"this world ({directory}) has none of that name"
    else:
        said = "a path ends in .npz"
    names = ", ".join(repr(file.stem) for file in sorted(directory.glob("*.npz"))) or "none"
    raise InvalidArgument(
        f"contexts is {str(given)!r}; {said}. Give the path of a .npz file, or a name of this world's own: {names}."
    )


def check_coming(directory: Path, spec: WorldSpec) -> None:
    """Nothing, if the world in `directory` has no coming.npz, or dreams can start from it.

    Raises:
        InvalidWorld: it is damaged, or of another game.
    """
    if (directory / COMING).exists():
        check_contexts(ContextBank.load(directory / COMING), spec, directory / COMING)


def check_contexts(contexts: ContextBank, spec: WorldSpec, path: Path) -> None:
    """Nothing, if dreams of a world with this `spec` can start from `contexts`.

    Raises:
        InvalidWorld: their frame size, length or actions do not fit.
    """
    T, *size = contexts.frames.shape[1:]
    if tuple(size) != (spec.height, spec.width, spec.channels):
        asked = (spec.height, spec.width, spec.channels)
        raise InvalidWorld(f"{path} holds frames of {tuple(size)}; this world's are {asked} (height, width, channels).")
    if spec.context_length > T:
        raise InvalidWorld(f"{path} holds {T} frames a context; this world looks back on {spec.context_length}.")
    actions, choices = contexts.actions, spec.choices
    if actions.shape[2:] != choices.shape:
        raise InvalidWorld(f"{path} holds actions of shape {actions.shape[2:]}; this world's have {choices.shape}.")
    if not choices.contains(actions):
        raise InvalidWorld(
            f"{path} holds actions {actions.min()} to {actions.max()}; this world's are {choices.range}."
        )
