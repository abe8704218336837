"""`python -m gym_diamond` is `gym-diamond`: what torchrun can start (`torchrun -m gym_diamond fit ...`)."""

import sys

from gym_diamond.cli import main

sys.exit(main())
