"""A small made-up shop as CSV files: the same every time, small enough to read, large enough to group.

People, goods and figures are drawn from a fixed seed; nobody in it exists.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

_SEED: Final = 20_251_128
_CUSTOMERS: Final = 120
_ORDERS: Final = 2_400
_FIRST_DAY: Final = date(2024, 1, 1)
_DAYS: Final = 640

_CITIES: Final = (
    ("Lyon", "France"), ("Paris", "France"), ("Hamburg", "Germany"), ("Leipzig", "Germany"),
    ("Turin", "Italy"), ("Oslo", "Norway"), ("Porto", "Portugal"), ("Seville", "Spain"),
)  # fmt: skip
_PRODUCTS: Final = (
    ("Desk lamp", "lighting", 39.90), ("Floor lamp", "lighting", 89.00), ("Candle", "lighting", 4.50),
    ("Oak table", "furniture", 420.00), ("Bookcase", "furniture", 180.00), ("Stool", "furniture", 35.00),
    ("Armchair", "furniture", 310.00), ("Tea pot", "kitchen", 24.00), ("Mug", "kitchen", 8.90),
    ("Pan", "kitchen", 45.00), ("Knife", "kitchen", 29.50), ("Blanket", "textiles", 49.00),
    ("Curtain", "textiles", 65.00), ("Cushion", "textiles", 19.00),
)  # fmt: skip
_SYLLABLES: Final = (
    "an",
    "be",
    "cor",
    "da",
    "el",
    "fi",
    "gro",
    "ha",
    "il",
    "jo",
    "ka",
    "lu",
    "mo",
    "ni",
    "ra",
)


def write_shop(folder: Path) -> None:
    """Write customers.csv, products.csv and orders.csv into `folder`."""
    chance = random.Random(_SEED)
    customers = [(number, _name(chance), *chance.choice(_CITIES)) for number in range(1, _CUSTOMERS + 1)]
    products = [(number, *product) for number, product in enumerate(_PRODUCTS, 1)]
    orders: list[tuple[object, ...]] = []
    for number in range(1, _ORDERS + 1):
        product = chance.choice(products)
        quantity = chance.choices((1, 2, 3, 4, 6), (50, 25, 12, 8, 5))[0]
        day = _FIRST_DAY + timedelta(days=int(_DAYS * chance.random() ** 0.8))
        total = round(quantity * product[3], 2)
        orders.append((number, chance.randint(1, _CUSTOMERS), product[0], day.isoformat(), quantity, total))
    _write(folder / "customers.csv", ("customer_id", "name", "city", "country"), customers)
    _write(folder / "products.csv", ("product_id", "product", "category", "price"), products)
    _write(
        folder / "orders.csv",
        ("order_id", "customer_id", "product_id", "order_date", "quantity", "total"),
        orders,
    )


def _name(chance: random.Random) -> str:
    return " ".join(
        "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 3))).capitalize() for _ in range(2)
    )


def _write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
