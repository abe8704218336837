"""Every number of a run of `agents.atari100k`, each with a default: the paper's, where it has one."""

from dataclasses import dataclass, field, replace

import tyro

from agents.actor_critic_loss import ActorCriticLossConfig
from agents.actor_learner import AdamConfig
from agents.budget import Budget, Mode, Schedule
from gym_diamond import world_models
from gym_diamond.data.recency import recency_weights
from gym_diamond.errors import InvalidArgument
from gym_diamond.fitting.config import FitConfig, OptimConfig, RunConfig, without_start
from gym_diamond.games import game as find_game
from gym_diamond.hardware import Precision
from gym_diamond.world_models.diamond.objectives import DenoiserLossConfig, LossConfig
from gym_diamond.world_models.protocol import Sampling

BACKEND, CONTEXT_LENGTH = "diamond", 4
FREE = (  # what --resume may change: none of it touches what is learned
    "threads",
    "checkpoint_minutes",
    "log_every",
    "test_every",
    "test_games",
    "test_max_steps",
    "test_steps",
    "final_games",
    "final_max_frames",
)


def _reference(max_grad_norm: float) -> OptimConfig:
    return OptimConfig(lr=1e-4, schedule="constant", batch_size=32, ema_decay=0.0, max_grad_norm=max_grad_norm)


@dataclass(frozen=True)
class Atari100kConfig:
    """All that decides a run."""

    game: str | None = None
    """Name as in ALE's ids: Breakout, MsPacman, ..."""
    scale: float = 1.0
    """Of the paper's 100,000 real steps and of its epochs: 0.01 makes a run of a hundredth of its length."""
    preset: str = "paper"
    """Architecture of the world model: paper, small (what is bundled for Breakout), tiny (for tests only)."""
    model_free: tyro.conf.FlagCreatePairsOff[bool] = False
    """Train the same agent in the real game, without a world, until the real steps are used up."""
    static_dataset: tuple[str, ...] = ()
    """Minari datasets to learn from instead of collecting, for example breakout/mixed-v0."""
    seed: int = 0
    """Decides first weights, games, actions, dreams and the order of the data."""
    device: str = "auto"
    """"cpu", "cuda", "cuda:1"; "auto" is CUDA where there is one."""
    precision: Precision = "auto"
    """What the world model computes in; weights and moments are float32. "auto": bf16 where it is native. Reference:
    fp32."""
    compile: tyro.conf.FlagCreatePairsOff[bool] = False
    """Compile a dream's step, which the first update of the agent waits for. Reference: on."""
    threads: int | None = None
    """CPU threads; by default one a core."""
    num_dreams: int = 32
    """Dreams at once, or real games without a world."""
    dream_steps: int = 15
    """Steps after which a dream is cut off; it bootstraps from the critic there."""
    rollout_steps: int = 15
    """Steps of every dream between two updates."""
    dream_starts: int = 1_024
    """Moments of real play, drawn anew in each epoch, from which its dreams start. Reference: 8,192."""
    recency: tuple[float, ...] = (0.1, 0.1, 0.1, 0.7)
    """Shares of the samples that go to as many equal parts of the episodes so far, the oldest first."""
    epsilon: float = 0.01
    """Share of random actions while collecting."""
    channels: tuple[int, ...] = (32, 32, 64, 64)
    """Of the policy's levels; each halves the resolution."""
    lstm_dim: int = 512
    """Size of the LSTM's hidden state."""
    normalize: tyro.conf.FlagCreatePairsOff[bool] = False
    """Normalise each pixel by its running mean and deviation, in dreams as in the game: small things that move stand
    out."""
    test_every: int = 10
    """Epochs between looks at the real game; 0 = never. Without influence on training."""
    test_games: int = 4
    """Games that are played then."""
    test_max_steps: int = 5_000
    """Steps after which such a game is cut off: an agent that does nothing may play for half an hour."""
    test_steps: int = 1_000
    """Further real steps then, on which the world model's losses are measured; 0 = none. Reference: on its games."""
    final_games: int = 100
    """Whole games at the end, whose scores go to OUT/scores.json; 0 = none."""
    final_max_frames: int | None = None
    """Emulated frames after which these are cut off; None = ALE's own 108,000."""
    checkpoint_minutes: float = 5.0
    """Minutes between checkpoints. A killed run loses at most these."""
    log_every: int = 20
    """Updates between reports."""
    budget: Budget = field(default_factory=Budget)
    actor_loss: ActorCriticLossConfig = field(default_factory=ActorCriticLossConfig)
    adam: AdamConfig = field(default_factory=AdamConfig)
    world_loss: LossConfig = field(default_factory=lambda: LossConfig(DenoiserLossConfig(motion_weight=0.0)))
    denoiser: OptimConfig = field(default_factory=lambda: _reference(1.0))
    reward_end: OptimConfig = field(default_factory=lambda: _reference(100.0))
    sampling: Sampling = field(default_factory=Sampling)

    def __post_init__(self) -> None:
        _check_numbers(self)
        if not self.channels or min(self.channels) < 1:
            raise InvalidArgument(f"channels is {self.channels}; give at least one number, each at least 1.")
        if self.model_free and self.static_dataset:
            raise InvalidArgument("--model-free learns in the real game and --static-dataset never plays it: choose.")
        if self.preset not in (presets := world_models.backend(BACKEND).presets):
            raise InvalidArgument(f"there is no preset {self.preset!r}; there is {', '.join(presets)}.")
        for name in ("denoiser", "reward_end"):
            if getattr(self, name).every != 1:
                raise InvalidArgument(f"{name}.every must be 1 here; say how often with --budget.{name}.each.")
        if self.world_loss.denoiser.appearance_share:
            raise InvalidArgument("appearance_share must be 0 here: nobody looks for appearances in play that grows.")
        recency_weights(0, self.recency)  # refuses shares that are none

    @property
    def mode(self) -> Mode:
        """Where the play comes from."""
        return "model_free" if self.model_free else "static" if self.static_dataset else "collect"

    @property
    def schedule(self) -> Schedule:
        """What the run does, in which order."""
        return Schedule(self.budget.scaled(self.scale), self.mode, self.num_dreams * self.rollout_steps)

    @property
    def fit(self) -> RunConfig:
        """The world model and its optimisation, in the words of `gym-diamond fit`."""
        return RunConfig(
            dataset=self.static_dataset,
            preset=self.preset,
            context_length=CONTEXT_LENGTH,
            fit=FitConfig(seed=self.seed, device=self.device, precision=self.precision, threads=self.threads),
            model=world_models.backend(BACKEND).presets[self.preset],
            loss=self.world_loss,
            denoiser=self.denoiser,
            reward_end=self.reward_end,
            sampling=self.sampling,
        )


def started(config: Atari100kConfig) -> Atari100kConfig:
    """`config` of a run that has begun: it has its networks, whatever becomes of the worlds that they started from."""
    denoiser, reward_end = without_start(config.denoiser), without_start(config.reward_end)
    return replace(config, denoiser=denoiser, reward_end=reward_end)


def check_is_complete(config: Atari100kConfig) -> Atari100kConfig:
    """`config` with the game's name as ALE writes it.

    Raises:
        InvalidArgument: no game was named.
        UnknownGame: ALE has no such game.
    """
    if config.game is None:
        raise InvalidArgument("no game to learn: give --game Breakout.")
    return replace(config, game=find_game(config.game).name)


def _check_numbers(config: Atari100kConfig) -> None:
    for name in ("threads", "final_max_frames"):
        value = getattr(config, name)
        if value is not None and not value > 0:
            raise InvalidArgument(f"{name} is {value}; it must be positive.")
    one = ("num_dreams", "dream_steps", "rollout_steps", "dream_starts", "lstm_dim", "test_games", "test_max_steps")
    for name in (*one, "log_every"):
        if getattr(config, name) < 1:
            raise InvalidArgument(f"{name} is {getattr(config, name)}; it must be at least 1.")
    for name in ("seed", "checkpoint_minutes", "test_every", "test_steps", "final_games"):
        if not getattr(config, name) >= 0:
            raise InvalidArgument(f"{name} is {getattr(config, name)}; it must be at least 0.")
    if not 0 < config.scale <= 1:
        raise InvalidArgument(f"scale is {config.scale}; it must be above 0 and at most 1, the paper's size.")
    if not 0 <= config.epsilon <= 1:
        raise InvalidArgument(f"epsilon is {config.epsilon}; it is the share of random actions, from 0 to 1.")
