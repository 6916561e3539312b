"""How tests share two cores: one worker takes all that need the finished smoke study, the other one the rest."""

import pytest


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items):
    for item in items:
        group = "smoke study" if "finished" in item.fixturenames else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
