"""Agents that learn in dreams: public API of `gym_diamond` only. Not part of the wheel.

Where to start reading:

    imagine.py     the reference's actor-critic, trained in the dreams of a world that is given
    atari100k.py   the paper's whole loop: play, fit the world, learn in its dreams; or the same agent without a world
    evaluate.py    what any policy scores in the real game: `real_games` plays, `statistics` sums up, `score_figure`
                   draws, `scores` says what others reached

The first lines of `imagine.py` and `atari100k.py` name the files below them, from below. Both train the same agent:
`policy` is its network, `rollout` its play, `returns` and `actor_critic_loss` what it learns from that, `actor_learner`
an update. PPO stands in `examples/`: `ppo_cleanrl_style.py` is one file, `ppo_sb3.py` leaves it to stable-baselines3.
"""
