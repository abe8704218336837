"""From the keyword arguments of `gymnasium.make` and `make_vec` to a dream of a world directory."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from gym_diamond.banks import contexts_path
from gym_diamond.checkpoint import load_world
from gym_diamond.envs.compiled import engine
from gym_diamond.envs.dream import Dream
from gym_diamond.errors import InvalidArgument
from gym_diamond.hardware import check_can_compile, resolve_device, settle_after_fork
from gym_diamond.hub import find_world
from gym_diamond.world_models.protocol import Sampling


@dataclass(frozen=True, kw_only=True)
class DreamArguments:
    """JSON values that say which world is dreamt, and how. None = the world's own value."""

    game: str | None = None  # CamelCase, as in ALE's ids
    world: str | None = None  # a directory, hub:OWNER/NAME@REVISION or official:GAME; None = the best for `game`
    contexts: str | None = None  # where dreams begin: a bank of the world, by its name, or a .npz; None = contexts.npz
    device: str = "auto"  # "cpu", "cuda", "cuda:1", "mps"; "auto" = CUDA where there is one
    precision: str = "auto"  # "fp32" or "bf16"; "auto" = bf16 where it is native
    compile: bool = False  # torch.compile the networks, which the first step waits for
    frame_stack: int = 1
    num_denoising_steps: int | None = None  # this and the following: see `protocol.Sampling`
    sigma_min: float | None = None
    sigma_max: float | None = None
    rho: float | None = None
    order: int | None = None
    s_churn: float | None = None
    s_tmin: float | None = None
    s_tmax: float | None = None
    s_noise: float | None = None
    init_scale: float | None = None
    churn_conditioning: str | None = None
    reward_mode: str | None = None
    end_mode: str | None = None

    @property
    def sampling(self) -> dict[str, object]:
        """The values of `Sampling` that were given."""
        given = {field.name: getattr(self, field.name) for field in fields(Sampling)}
        return {name: value for name, value in given.items() if value is not None}


class LoadedDream(NamedTuple):
    """A dream and the values in force, in words."""

    dream: Dream
    values: str


def load_dream(
    arguments: DreamArguments,
    num_envs: int = 1,
    *,
    max_episode_steps: int | None = None,
    autoreset_mode: str = "Disabled",
    stagger: bool = False,
) -> LoadedDream:
    """A dream of the world that `arguments` name; the others are those of `Dream`.

    Raises:
        InvalidArgument: an argument has a value that is not allowed, or the world dreams another game; or there is no
            C++ compiler to compile with, or CUDA was in use before this process was forked.
        InvalidWorld: the world, or the file of contexts, is missing or damaged.
        HubError: the world is on the Hub and cannot be had now.
    """
    device = resolve_device(arguments.device)
    settle_after_fork(device)
    if arguments.compile:
        check_can_compile(device)
    directory = find_world(arguments.world, arguments.game)
    world = load_world(
        directory,
        device=arguments.device,
        precision=arguments.precision,
        sampling=arguments.sampling,
        contexts=arguments.contexts,
    )
    model: Any = world.model
    if arguments.game is not None and model.spec.game != arguments.game:
        raise InvalidArgument(
            f"The world {str(directory)!r} dreams {model.spec.game}, not {arguments.game}; "
            'make it by its own id, or by "gym_diamond:DiamondDream-v0", which takes any world.'
        )
    fast = engine(model, compile=arguments.compile)
    dream = Dream(
        model,
        world.contexts,
        num_envs,
        max_episode_steps=max_episode_steps,
        autoreset_mode=autoreset_mode,
        frame_stack=arguments.frame_stack,
        stagger=stagger,
        step=fast.step,
        record=fast.record,
        compiler=fast.compiler,
    )
    values: dict[str, object] = {"world": str(directory)}
    if arguments.contexts is not None:
        values["contexts"] = contexts_path(directory, arguments.contexts)
    values |= {"device": model.device, "precision": model.precision}
    values |= {"compile": arguments.compile} | {f.name: getattr(model.sampling, f.name) for f in fields(Sampling)}
    return LoadedDream(dream, ", ".join(f"{name}={value}" for name, value in values.items()))
