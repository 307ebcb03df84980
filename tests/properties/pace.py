"""How much the machines do: few examples on every run, as many as asked for at night."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "8"))

MACHINE = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,  # a step is as slow as the disk
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
