"""What a dataset is of."""

from dataclasses import dataclass

from gym_diamond.choices import Choices


@dataclass(frozen=True)
class DatasetInfo:
    """What was played, as a world model fitted to it has to know it."""

    game: str  # "Breakout", or a name of the user's own
    num_actions: int  # of a MultiDiscrete game the sum of `action_sizes`
    action_meanings: tuple[str, ...]  # a name for each; of a MultiDiscrete game part by part
    fps: int  # agent steps a second
    height: int
    width: int
    channels: int
    action_sizes: tuple[int, ...] = ()  # how many can be chosen in each part of a MultiDiscrete action; () = Discrete
    has_rewards: bool = True  # False: nobody knows them, they are stored as 0
    has_ends: bool = True  # False: nobody knows whether the game ended; every episode is stored as cut off

    @property
    def choices(self) -> Choices:
        """What is chosen at each step."""
        return Choices(self.num_actions, self.action_sizes)
