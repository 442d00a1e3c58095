"""What goes wrong with a language model's server, in words a person can act on."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class ModelError(GarretError):
    """The model's server could not be asked, or its answer could not be used. Says what to do."""

    code = Code.UNAVAILABLE
