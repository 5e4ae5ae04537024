"""Settings of the whole suite."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is slow to draw examples and to run them: no clock decides whether a test passes.
settings.register_profile(
    "gradc", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("gradc")

# Files that take long begin first, so that no process is alone with one of them at the end.
FIRST = (
    "docs",
    "page_browser",
    "observations",
    "nests",
    "gradbench",
    "generated_programs",
    "c_examples",
    "c_precision",
    "js_generated",
    "js_module",
    "workers",
)


def pytest_configure(config: pytest.Config) -> None:
    """Files are handed to processes in the order of their tests, not by how many these are."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of `FIRST` are the first; tests of one file stay as they are."""
    names = [f"test_{name}" for name in FIRST]
    items.sort(
        key=lambda item: names.index(item.path.stem) if item.path.stem in names else len(names)
    )


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
