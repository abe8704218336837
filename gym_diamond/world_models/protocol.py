"""What a world model is: a pure function of (state, action, noise).

State and noise are NamedTuples of tensors whose axis 0 is the row: one dream. Nothing here is mutated in place, no
random number is drawn inside `step`, and no row looks at another. That is what lets a step be compiled, captured,
pickled, forked, replayed and compared with the reference. `tests/laws.py` states these laws for every backend.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from gym_diamond.choices import Choices
from gym_diamond.errors import InvalidArgument

MAX_DENOISING_STEPS = 1_000

State = TypeVar("State", bound=tuple[Tensor, ...])
Noise = TypeVar("Noise", bound=tuple[Tensor, ...])


class Context(NamedTuple):
    """A slice of real play from which a dream starts."""

    obs: Tensor  # (B, T, C, H, W) float in [-1, 1], oldest first
    act: Tensor  # (B, T-1) or (B, T-1, A) int64; act[:, t] led from obs[:, t] to obs[:, t+1]
    is_real: Tensor  # (B, T) bool; False = padding before the episode began


class Transition(NamedTuple):
    """What one step of every row brought."""

    obs: Tensor  # (B, C, H, W) float, the next frame, on the grid of 256 levels
    reward: Tensor  # (B,) float
    end: Tensor  # (B,) bool: the game ended. Time limits are the env's business, never the model's
    reward_probs: Tensor  # (B, K) over spec.reward_values
    end_prob: Tensor  # (B,)


class Judgement(NamedTuple):
    """What a model believes of transitions that it was shown; without meaning where they are padding."""

    reward_probs: Tensor  # (B, T-1, K) over spec.reward_values
    end_prob: Tensor  # (B, T-1)


@dataclass(frozen=True)
class WorldSpec:
    """The border of a world: what goes in and what comes out.

    A world of MultiDiscrete([3, 2]) has `action_sizes` (3, 2), and 5 actions that are named part by part; where `(B,)`
    actions are meant elsewhere, its actions are `(B, 2)`.
    """

    game: str  # "Breakout", or a name of the user's own
    height: int
    width: int
    channels: int
    num_actions: int  # of a MultiDiscrete game the sum of `action_sizes`
    action_meanings: tuple[str, ...]  # a name for each
    context_length: int  # L: the frames a step looks back on
    reward_values: tuple[float, ...]  # what a dream can give; (-1, 0, 1) are the signs of the game's own rewards
    fps: int  # agent steps a second in the real game
    action_sizes: tuple[int, ...] = ()  # how many can be chosen in each part of a MultiDiscrete action; () = Discrete
    reward_coding: Literal["classes", "two_hot"] = "classes"  # two_hot: rewards lie between the values, which are bins
    has_rewards: bool = True  # False: the play told none, so a dream always gives 0
    has_ends: bool = True  # False: the play told none, so a dream never ends

    def __post_init__(self) -> None:
        positive = ("height", "width", "channels", "num_actions", "context_length", "fps")
        for name in positive:
            if getattr(self, name) < 1:
                raise InvalidArgument(f"spec.{name} is {getattr(self, name)}; it must be at least 1.")
        if len(self.action_meanings) != self.num_actions:
            raise InvalidArgument(
                f"spec.action_meanings has {len(self.action_meanings)} names for {self.num_actions} actions."
            )
        Choices(self.num_actions, self.action_sizes)  # refuses sizes that do not fit
        if list(self.reward_values) != sorted(set(self.reward_values)) or not self.reward_values:
            raise InvalidArgument(f"spec.reward_values {self.reward_values} must be distinct and increasing.")
        if not all(map(isfinite, self.reward_values)):
            raise InvalidArgument(f"spec.reward_values {self.reward_values} must be finite.")
        if self.reward_coding == "two_hot" and len(self.reward_values) < 2:
            raise InvalidArgument(f"spec.reward_values {self.reward_values} must be two bins at least.")
        if not self.has_rewards and self.reward_values != (0.0,):
            raise InvalidArgument(f"spec.reward_values {self.reward_values} must be (0.0,) without rewards.")

    @property
    def choices(self) -> Choices:
        """What is chosen at each step."""
        return Choices(self.num_actions, self.action_sizes)


@dataclass(frozen=True)
class Sampling:
    """How frames are sampled and how rewards and ends are drawn. Fixed when a world is loaded.

    The defaults are the reference's for Atari.
    """

    num_denoising_steps: int = 3
    """Steps in which a frame is drawn from noise: fewer are faster. At 1 a frame is a mean over all that may come."""
    sigma_min: float = 2e-3
    """The last noise level before none, in standard deviations of a pixel in [-1, 1]; above 0."""
    sigma_max: float = 5.0
    """The first noise level; above sigma_min."""
    rho: float = 7.0
    """How the levels between are spaced (EDM, eq. 5): larger puts more of them near sigma_min; above 0."""
    order: int = 1
    """1 = Euler, 2 = Heun, which calls the denoiser twice in all steps but the last (EDM, Algorithm 2). Heun wants ten
    steps or more: between few noise levels far apart its correction overshoots, and frames lose 20 dB."""
    s_churn: float = 0.0
    """Noise that is added anew in the steps between s_tmin and s_tmax (EDM, Algorithm 2); 0 = none."""
    s_tmin: float = 0.0
    """The lowest noise level at which that is done."""
    s_tmax: float | None = None
    """The highest; None = no bound."""
    s_noise: float = 1.0
    """The standard deviation of that noise."""
    init_scale: float = 1.0
    """The standard deviation of the first noise. EDM would begin from sigma_max; the reference begins from 1."""
    churn_conditioning: Literal["sigma", "sigma_hat"] = "sigma"
    """The level that the denoiser is told after churn: that before it (the reference) or that after it (EDM)."""
    reward_mode: Literal["sample", "mode", "mean"] = "sample"
    """A dream's reward: drawn from the model's chances, the likeliest, or their mean."""
    end_mode: Literal["sample", "mode", "never"] = "sample"
    """A dream's end: drawn from the model's chance, where that is above a half, or never."""

    def __post_init__(self) -> None:
        if not 1 <= self.num_denoising_steps <= MAX_DENOISING_STEPS:
            raise InvalidArgument(
                f"num_denoising_steps is {self.num_denoising_steps}; it must be at least 1 and at most "
                f"{MAX_DENOISING_STEPS}."
            )
        if not 0 < self.sigma_min < self.sigma_max:
            raise InvalidArgument(
                f"sigma_min {self.sigma_min} and sigma_max {self.sigma_max} must satisfy 0 < sigma_min < sigma_max."
            )
        for name in ("sigma_max", "rho", "s_churn", "s_tmin", "s_noise", "init_scale"):
            if not isfinite(getattr(self, name)):
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be finite.")
        if self.order not in (1, 2):
            raise InvalidArgument(f"order is {self.order}; it must be 1 (Euler) or 2 (Heun).")
        if self.s_churn < 0 or self.rho <= 0 or self.init_scale <= 0:
            raise InvalidArgument("s_churn must be at least 0; rho and init_scale must be positive.")
        choices = {
            "churn_conditioning": ("sigma", "sigma_hat"),
            "reward_mode": ("sample", "mode", "mean"),
            "end_mode": ("sample", "mode", "never"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise InvalidArgument(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}.")


class WorldModel(Protocol[State, Noise]):
    """A dreamt game. Every method is pure; every tensor keeps the row on axis 0."""

    @property
    def spec(self) -> WorldSpec: ...

    @property
    def device(self) -> torch.device: ...

    def reset(self, context: Context) -> State:
        """The state after `context`: the last L frames and whatever memory the burn-in leaves."""
        ...

    def draw(self, keys: Tensor, counter: Tensor) -> Noise:
        """The noise of one step. Row i depends on `keys[i]` (2,) int64 and `counter[i]` int64 only."""
        ...

    def step(self, state: State, action: Tensor, noise: Noise) -> tuple[State, Transition]:
        """The next state and what the step brought, for `action` `(B,)` or `(B, A)` int64."""
        ...

    def judge(self, context: Context) -> Judgement:
        """The model's beliefs about the rewards and ends of the transitions in `context`, each after those before it.

        They are those of `step` if it had drawn these frames.
        """
        ...

    def history(self, state: State) -> Tensor:
        """The real frames a state holds: `(B, L, C, H, W)` float, oldest first."""
        ...
