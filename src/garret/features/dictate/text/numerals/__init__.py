"""Numbers in words become digits where a careful typist would write digits.

`reading` knows what number words come to, `writing` where digits are written and in which form.
"""

from __future__ import annotations

from .reading import is_number_word, value_of
from .writing import write_numbers

__all__ = ["is_number_word", "value_of", "write_numbers"]
