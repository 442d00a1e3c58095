"""What goes wrong with models. After any of these the folder of models is as it was before."""

from __future__ import annotations

import errno

from garret.base.errors import Code, GarretError


class ModelStoreError(GarretError):
    """Base of what this package raises."""


class ModelUnknown(ModelStoreError):
    """No model or pack has that name."""

    code = Code.NOT_FOUND


class PackAbsent(ModelStoreError):
    """A pack, or a part of one, is not installed; `details["missing"]` names it."""

    code = Code.NOT_FOUND


class PackDamaged(ModelStoreError):
    """A file is not the one that the table names, by its size or its hash."""

    code = Code.INVALID


class NoModel(ModelStoreError):
    """A folder or file holds no model that Garret knows the form of."""

    code = Code.INVALID


class NotKept(ModelStoreError):
    """The folder of models could not be written."""


def not_kept(name: str, error: OSError) -> NotKept:
    """The typed error for an OSError while `name` was taken in."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    cause = "the disk is full" if full else error.strerror or type(error).__name__
    return NotKept(
        f"The model {name} was not taken in: {cause}. Nothing half-made was left, and what was there is as "
        "it was." + (" Make room and try again." if full else ""),
        code=Code.FULL if full else Code.FAILED,
        details={"model": name, "errno": error.errno},
    )
