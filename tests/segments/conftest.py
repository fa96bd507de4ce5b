"""The shop in raw form that the tests of models use."""

from tests.models.conftest import make_shop

__all__ = ["make_shop"]
