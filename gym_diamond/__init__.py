"""Gymnasium environments that are dreamt by diffusion world models.

    import gymnasium, gym_diamond
    env = gymnasium.make("DiamondDream-Breakout-v0")
    envs = gymnasium.make_vec("DiamondDream-Breakout-v0", num_envs=32)
    gym_diamond.register_world("MyDream-v0", "runs/my-game")  # now gymnasium.make("MyDream-v0") dreams it

How it is built, from below:

`frames` is the border between what people see (frames: uint8, HWC) and what networks see (obs: float, CHW, [-1, 1]).
`replay` records many small kernels as one CUDA graph.
`choices` says what an action is: one of n (Discrete), or one of each of several parts (MultiDiscrete).
`noise` draws random numbers as a function of a row's key and counter, so that a dream keeps its randomness whatever the
batch it runs in. `nn` are the networks' blocks. `data` holds real play: episodes, Minari datasets, windows for fitting,
and contexts, the moments from which dreams start.

`world_models` is the heart. A world model is a pure function of (state, action, noise); state and noise are NamedTuples
of tensors whose axis 0 is the row, one dream (`world_models/protocol.py`). A backend is a folder there.

`banks` knows where dreams of a world may begin, `checkpoint` reads and writes the world's directory: config, weights,
contexts, provenance, card. `hub` finds one:
bundled, in the user's cache, or on the Hugging Face Hub, from where it is fetched once.

`envs/dream.py` is the one mutable shell: `Dream` owns the state, random stream and clock of each row, and autoreset. It
is torch-native; `envs/vector.py` and `envs/single.py` are its NumPy faces for Gymnasium, `envs/sb3.py` the one for
Stable-Baselines3. `envs/compiled.py` gives it the fastest equal of the world's step. `envs/atari.py` is reality, to
compare with. `fitting` turns real play into a world; its loop knows only objectives, and inference never imports a
loss.

`collection` plays games and keeps what was seen, `evaluation` measures how far a dream can be trusted, `benchmarking`
how fast it is, `cli` is the command line.

Imports point strictly down this list. Importing the package registers the ids and loads neither torch nor an emulator.
"""

from gym_diamond.envs.registration import register_dreams, register_world

__all__ = ["__version__", "register_dreams", "register_world"]
__version__ = "0.1.0"

register_dreams()
