"""The envs that `gymnasium.make` and `make_vec` build: dreams of a world directory.

The arguments are kept, not only what was made of them: they are what an env is pickled as and what its `repr` shows,
together with the values that are in force.
"""

from copy import deepcopy
from dataclasses import asdict
from typing import Any

from gymnasium.envs.registration import EnvSpec

from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.envs.registration import MAX_EPISODE_STEPS
from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv

NO_LIMIT = -1  # as in gymnasium.make


class LoadedDreamEnv(DreamEnv):
    """What `gymnasium.make("DiamondDream-Breakout-v0")` builds: a dream of a world directory.

    It is pickled as its arguments, so that workers load the world themselves; a deep copy loads it too, and goes on
    where it is. (To fork a dream, `snapshot` costs nothing.) All arguments are JSON values; those after
    `frame_stack` replace the world's own (`world_models/protocol.py: Sampling`).

    Args:
        game: the game's name in CamelCase; None = any.
        world: a world directory; "hub:OWNER/NAME@REVISION", one on the Hub; "official:GAME", the authors'; None = the
            best for `game`: bundled, else the authors', which is fetched once (docs/worlds.md).
        contexts: where dreams begin: a bank of moments that comes with the world, by its name ("coming" in the bundled
            ones: the ball is on its way), or a .npz of one's own (docs/worlds.md). None = the world's contexts.npz.
        device: "cpu", "cuda", "cuda:1", "mps", or "auto" for CUDA where there is one.
        precision: "fp32", "bf16", or "auto" for bf16 where it is native. On CUDA, fp32 convolutions are PyTorch's TF32,
            unless `torch.backends.cudnn.allow_tf32` is False.
        compile: compile the networks, which the first step waits for (envs/compiled.py).
        frame_stack: k, how many of the last frames an observation holds.
        render_mode: None or "rgb_array".

    Raises:
        InvalidArgument: an argument has a value that is not allowed.
        InvalidWorld: the world is missing or damaged.
        HubError: the world is on the Hub and cannot be had now.
    """

    def __init__(
        self,
        *,
        game: str | None = None,
        world: str | None = None,
        contexts: str | None = None,
        device: str = "auto",
        precision: str = "auto",
        compile: bool = False,
        frame_stack: int = 1,
        num_denoising_steps: int | None = None,
        sigma_min: float | None = None,
        sigma_max: float | None = None,
        rho: float | None = None,
        order: int | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        init_scale: float | None = None,
        churn_conditioning: str | None = None,
        reward_mode: str | None = None,
        end_mode: str | None = None,
        render_mode: str | None = None,
    ) -> None:
        self._arguments = DreamArguments(
            game=game,
            world=world,
            contexts=contexts,
            device=device,
            precision=precision,
            compile=compile,
            frame_stack=frame_stack,
            num_denoising_steps=num_denoising_steps,
            sigma_min=sigma_min,
            sigma_max=sigma_max,
            rho=rho,
            order=order,
            s_churn=s_churn,
            s_tmin=s_tmin,
            s_tmax=s_tmax,
            s_noise=s_noise,
            init_scale=init_scale,
            churn_conditioning=churn_conditioning,
            reward_mode=reward_mode,
            end_mode=end_mode,
        )
        dream, self._values = load_dream(self._arguments)
        super().__init__(dream, render_mode)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), asdict(self._arguments) | {"render_mode": self.render_mode}, self.spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> "LoadedDreamEnv":
        return _copied(self, memo)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.dream!r}, {self._values}>"

    __str__ = __repr__


class LoadedDreamVectorEnv(DreamVectorEnv):
    """What `gymnasium.make_vec("DiamondDream-Breakout-v0")` builds: dreams of a world directory.

    It is pickled as its arguments, and a deep copy goes on where it is. Those not named here are the arguments of
    `LoadedDreamEnv`.

    Args:
        num_envs: N.
        max_episode_steps: a dream is truncated after so many steps; None = 50, -1 = never.
        autoreset_mode: "SameStep", "NextStep" or "Disabled".
        stagger: spread the clocks evenly at a full reset, so that rows are not all truncated in the same step.

    Raises:
        InvalidArgument: an argument has a value that is not allowed.
        InvalidWorld: the world is missing or damaged.
        HubError: the world is on the Hub and cannot be had now.
    """

    def __init__(
        self,
        *,
        num_envs: int = 1,
        game: str | None = None,
        world: str | None = None,
        contexts: str | None = None,
        device: str = "auto",
        precision: str = "auto",
        compile: bool = False,
        frame_stack: int = 1,
        num_denoising_steps: int | None = None,
        sigma_min: float | None = None,
        sigma_max: float | None = None,
        rho: float | None = None,
        order: int | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        init_scale: float | None = None,
        churn_conditioning: str | None = None,
        reward_mode: str | None = None,
        end_mode: str | None = None,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
        autoreset_mode: str = "SameStep",
        stagger: bool = False,
    ) -> None:
        self._arguments = DreamArguments(
            game=game,
            world=world,
            contexts=contexts,
            device=device,
            precision=precision,
            compile=compile,
            frame_stack=frame_stack,
            num_denoising_steps=num_denoising_steps,
            sigma_min=sigma_min,
            sigma_max=sigma_max,
            rho=rho,
            order=order,
            s_churn=s_churn,
            s_tmin=s_tmin,
            s_tmax=s_tmax,
            s_noise=s_noise,
            init_scale=init_scale,
            churn_conditioning=churn_conditioning,
            reward_mode=reward_mode,
            end_mode=end_mode,
        )
        limit = MAX_EPISODE_STEPS if max_episode_steps is None else max_episode_steps
        dream, self._values = load_dream(
            self._arguments,
            num_envs,
            max_episode_steps=None if limit == NO_LIMIT else limit,
            autoreset_mode=autoreset_mode,
            stagger=stagger,
        )
        super().__init__(dream, render_mode)

    def __reduce__(self) -> tuple[Any, ...]:
        limit = self.dream.max_episode_steps
        own = {
            "num_envs": self.num_envs,
            "max_episode_steps": NO_LIMIT if limit is None else limit,
            "autoreset_mode": self.dream.autoreset_mode.value,
            "stagger": self.dream.stagger,
            "render_mode": self.render_mode,
        }
        return _again, (type(self), asdict(self._arguments) | own, self.spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> "LoadedDreamVectorEnv":
        return _copied(self, memo)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dream!r}, {self._values})"


def _again(kind: type[Any], arguments: dict[str, Any], spec: EnvSpec | None) -> Any:
    env = kind(**arguments)
    env.spec = spec
    return env


def _copied(env: LoadedDreamEnv | LoadedDreamVectorEnv, memo: dict[int, Any]) -> Any:
    """An env of its own, which goes on as `env` will: its dream, its spaces' random numbers and all else it holds."""
    build, arguments = env.__reduce__()
    copy = build(*arguments)
    memo[id(env)] = copy
    if env.dream.has_begun:
        copy.dream.restore(env.dream.snapshot())
    for name, value in vars(env).items():
        if name != "dream":
            setattr(copy, name, deepcopy(value, memo))
    return copy
