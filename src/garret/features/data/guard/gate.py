"""The one way through the guard, for every query language."""

from __future__ import annotations

from garret.features.data.contracts import Catalogue, Checked, Limits

__all__ = ["check"]


def check(query: str, catalogue: Catalogue, limits: Limits) -> Checked:
    """What may be run in place of `query`, written anew, with the tables and columns that it touches.

    The language is the catalogue's. Raises GuardRefused, which names the rule and what would be allowed.
    """
    if catalogue.dialect == "mongo":
        from garret.features.data.guard.mongo import check_mongo

        return check_mongo(query, catalogue, limits)
    if catalogue.dialect == "cypher":
        from garret.features.data.guard.cypher import check_cypher

        return check_cypher(query, catalogue, limits)
    if catalogue.dialect == "qdrant":
        from garret.features.data.guard.qdrant import check_qdrant

        return check_qdrant(query, catalogue, limits)
    from garret.features.data.guard.sql import check_sql  # sqlglot takes 60 ms to load

    return check_sql(query, catalogue, limits)
