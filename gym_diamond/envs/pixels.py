"""Any Gymnasium env, seen as frames and played by choices: what a world model can be fitted to.

Frames are the env's observations where these are images, or what its `render()` gives. They are cropped and shrunk by
area here, and several steps of the env may make one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from gym_diamond.choices import choices_of, split_names
from gym_diamond.data.resize import Crop, Framing, Size, reframe
from gym_diamond.envs.action_codes import ActionCode, code_actions
from gym_diamond.errors import InvalidArgument

FPS = 30  # of an env that does not say


@dataclass(frozen=True)
class PixelConfig:
    """How an env that is no Atari game by name is made, seen and played."""

    pixels: Literal["observation", "render"] = "observation"
    """What the frames are: the env's observations, if they are images (uint8, height x width x 3, x 1, or height x
    width), or what its render() gives, whatever it observes."""

    size: Size | Literal["native"] = (64, 64)
    """Height and width to which frames are shrunk by area; native leaves them as they are."""

    crop: Crop | None = None
    """Top, left, height and width of the part of each picture that is used, before it is resized."""

    grey: bool = False
    """Frames of one channel, the luminance."""

    frame_skip: int = 1
    """Steps of the env for which an action is held; their rewards are summed, and the last one's frame is kept."""

    max_episode_steps: int | None = None
    """Steps of the env, as in gymnasium.make, after which an episode is truncated; by default as it is registered."""

    bins: str | None = None
    """For actions that are a Box, the values from which each of its numbers is chosen: "-1,0,1;0,0.5,1;0,0.8". An entry
    without a comma is how many, spread evenly from the lowest to the highest; one entry alone serves all."""

    action_names: tuple[str, ...] = ()
    """What the actions mean, from 0 on: NOOP,LEFT,RIGHT. Of actions of several parts a list each: STAY,LEFT,RIGHT
    NO,JUMP. By default what the env's get_action_meanings() says, or their numbers."""

    env_kwargs: str = "{}"
    """Arguments for gymnasium.make, as JSON: '{"continuous": false}'."""

    def __post_init__(self) -> None:
        framing_of(self)  # refuses a size or a crop that means nothing
        split_names(self.action_names)
        for name in ("frame_skip", "max_episode_steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidArgument(f"--{name.replace('_', '-')} is {value}; it must be at least 1.")


@runtime_checkable
class NamesActions(Protocol):
    """An env that tells what its actions are called, as ALE's do."""

    def get_action_meanings(self) -> list[str]: ...


class PixelEnv(gymnasium.Wrapper):
    """An env whose observations are frames `(H, W, C)` uint8 and whose actions are choices, `()` or `(A,)` int64.

    Infos are empty. Bound to an env that is made with `render_mode="rgb_array"` where its frames are rendered.

    Raises:
        InvalidArgument: it has no pixels of that kind, they are all cropped away, or its actions cannot be chosen.
    """

    def __init__(self, env: gymnasium.Env, config: PixelConfig) -> None:
        super().__init__(env)
        self.config = config
        self.code: ActionCode = code_actions(env.action_space, config.bins, _names(env, config))
        height, width, channels = self._frame(self._example()).shape
        self.frame_shape = (height, width, channels)
        self.observation_space = Box(0, np.iinfo(np.uint8).max, self.frame_shape, np.uint8)
        self.action_space = self.code.choices.space

    @property
    def fps(self) -> int:
        """Actions a second."""
        return max(1, round((self.metadata.get("render_fps") or FPS) / self.config.frame_skip))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """The first frame."""
        return self._frame(self.env.reset(seed=seed, options=options)[0]), {}

    def step(self, action: int | np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        """The frame after `frame_skip` steps of the env, or after its last, and the sum of their rewards."""
        decoded = self.code.decode(action)
        seen, reward, terminated, truncated, _ = self.env.step(decoded)
        total = float(reward)
        for _ in range(self.config.frame_skip - 1):
            if terminated or truncated:
                break
            seen, reward, terminated, truncated, _ = self.env.step(decoded)
            total += float(reward)
        return self._frame(seen), total, bool(terminated), bool(truncated), {}

    def _example(self) -> np.ndarray | None:
        """An observation, to learn its size from; what is rendered has one only after a reset."""
        if self.config.pixels == "observation":
            return np.zeros(_image_space(self.env.observation_space).shape, np.uint8)
        self.env.reset()
        return None

    def _frame(self, seen: Any) -> np.ndarray:
        if self.config.pixels == "observation":
            return to_frame(_checked(seen, f"{self.env} observes", "as its observation space says"), self.config)
        try:
            seen = self.env.render()
        except NotImplementedError as error:
            raise InvalidArgument(f"{self.env} has no render(), which --pixels render looks at.") from error
        return to_frame(_checked(seen, f"render() of {self.env} gives", "with render_mode='rgb_array'"), self.config)


def to_frame(picture: np.ndarray, config: PixelConfig) -> np.ndarray:
    """The frame `(H, W, C)` uint8 of a picture `(h, w)`, `(h, w, 1)` or `(h, w, 3)` uint8.

    Raises:
        InvalidArgument: the crop reaches beyond it, or it has another number of channels.
    """
    seen = picture if picture.ndim == 3 else picture[..., None]  # (h, w) -> (h, w, 1)
    if seen.shape[2] not in (1, 3):
        raise InvalidArgument(
            f"The pictures of this env have {seen.shape[2]} channels; they must have 3, or 1 if they are grey. If it "
            "stacks frames, let it give the newest alone: a world remembers those before."
        )
    return np.array(reframe(seen, framing_of(config)))  # never the env's own array, which it may draw into again


def framing_of(config: PixelConfig) -> Framing:
    """What is done to each picture.

    Raises:
        InvalidArgument: the size or the crop means nothing.
    """
    return Framing(None if config.size == "native" else config.size, config.crop, config.grey)


def _names(env: gymnasium.Env, config: PixelConfig) -> tuple[str, ...]:
    """What the actions are called: as it was told, else as the env itself does, where it has a name for each."""
    if config.action_names:
        return tuple(name for part in split_names(config.action_names) for name in part)
    choices, named = choices_of(env.action_space), env.unwrapped
    if choices is None or not isinstance(named, NamesActions):
        return ()
    told: Any = named.get_action_meanings()  # envs give what they like
    if isinstance(told, Mapping):
        told = [told[i] for i in range(choices.num_actions) if i in told]
    names = () if told is None else tuple(map(str, told))
    return names if len(names) == choices.num_actions else ()


def _checked(seen: Any, source: str, where: str) -> np.ndarray:
    """`seen`, if it is a picture."""
    if isinstance(seen, np.ndarray) and seen.dtype == np.uint8 and seen.ndim in (2, 3):
        return seen
    found = f"{seen.dtype} of shape {seen.shape}" if isinstance(seen, np.ndarray) else type(seen).__name__
    raise InvalidArgument(f"{source} {found}; {where} it must be an array of uint8, (height, width, 3).")


def _image_space(space: gymnasium.Space) -> Box:
    if not isinstance(space, Box) or space.dtype != np.uint8 or len(space.shape) not in (2, 3):
        raise InvalidArgument(
            f"The observations of this env are {space}, no images (uint8, height x width x 3 or height x width). "
            "If it can render itself, add --pixels render."
        )
    return space
