"""Settings of the whole suite."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is slow to draw examples and to run them: no clock decides whether a test passes.
settings.register_profile(
    "gradc", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("gradc")

# Rows that no program can name: passes write them.
UNNAMED = {"sigmoid_tail": ("x",), "tanh_part": ("x",), "copysign": ("x", "y")}


@pytest.fixture(scope="module")
def named_rows() -> Iterator[None]:
    """Programs can name them, too, while a module that tests every row is run."""
    from gradc.frontend.calls import elementwise
    from gradc.frontend.functions import FUNCTIONS, Function

    with pytest.MonkeyPatch.context() as patch:
        for name, names in UNNAMED.items():
            function = Function(name, names, "", elementwise(name), "elementwise")
            patch.setitem(FUNCTIONS, name, function)
        yield
