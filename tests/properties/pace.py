"""How much the machines do: little on every run, ``PROPERTY_FACTOR`` times as much at night."""

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("PROPERTY_FACTOR", "1"))
EXAMPLES = 8 * FACTOR  # of a test that is slow


def machine(examples: int) -> settings:
    """Return the settings of a state machine that runs ``examples`` of 25 steps each."""
    return settings(
        max_examples=examples * FACTOR,
        stateful_step_count=25,
        deadline=None,  # a step is as slow as the disk
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
