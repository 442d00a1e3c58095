"""Vorbis packets without sound: whether the bits of one are used up to its last byte.

Of an Ogg page that is damaged the checksum tells no more than that. But a packet is a sequence of code words
without a length, and its encoder ends it with its last one: of a packet with wrong bits in it the codes run
past its end or end before it. So the packets that were hit are told from those beside them. Encoders that
hold a fixed rate cut packets off or pad them, which then look damaged.

Nothing is decoded but which code words there are (Vorbis I specification, sections 2 to 4, 6 to 8).
Neighbour: `ogg` asks, for pages that are damaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_BOOK: Final = 0x564342
_RANGES: Final = (256, 128, 86, 64)
_PASSES: Final = 8
_MOST: Final = 1 << 20  # entries of a book, or values: more is no header of Vorbis


class NotVorbisError(ValueError):
    """The bits are no Vorbis. Only within this module and its tests."""


class Bits:
    """Numbers of any width, the least significant bit first (section 2)."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._size = len(data) * 8
        self._at = 0

    def read(self, width: int) -> int:
        """Raises NotVorbisError past the end."""
        if self._at + width > self._size:
            raise NotVorbisError("the packet ends before its codes do")
        found = self._value >> self._at & ((1 << width) - 1)
        self._at += width
        return found

    def skip(self, width: int) -> None:
        self._at += width
        if self._at > self._size:
            raise NotVorbisError("the packet ends before its codes do")

    def are_used_up(self) -> bool:
        """Whether nothing but the zeros that fill the last byte is left."""
        return self._size - self._at < 8 and self._value >> self._at == 0


@dataclass(slots=True)
class _Book:
    dimensions: int
    words: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    longest: int = 0

    def read(self, bits: Bits) -> int:
        """The entry whose code word follows."""
        code = 0
        for length in range(1, self.longest + 1):
            code = code << 1 | bits.read(1)
            entry = self.words.get((length, code))
            if entry is not None:
                return entry
        raise NotVorbisError("no code word of the book")


@dataclass(slots=True)
class _FloorClass:
    dimensions: int
    subclasses: int
    master: int
    books: list[int]


@dataclass(slots=True)
class _Floor:
    """Floor 1: how wide its two ends are, and the classes of its partitions."""

    width: int
    classes: list[_FloorClass]


@dataclass(slots=True)
class _Residue:
    kind: int
    begin: int
    end: int
    partition: int
    classes: int
    book: int
    books: list[list[int]]
    """By class and pass; -1 for none."""


@dataclass(slots=True)
class _Mapping:
    coupled: list[tuple[int, int]]
    channel_map: list[int]
    submaps: list[tuple[int, int]]
    """Floor and residue of each."""


@dataclass(slots=True)
class _Setup:
    channels: int
    sizes: tuple[int, int]
    books: list[_Book] = field(default_factory=list[_Book])
    floors: list[_Floor] = field(default_factory=list[_Floor])
    residues: list[_Residue] = field(default_factory=list[_Residue])
    mappings: list[_Mapping] = field(default_factory=list[_Mapping])
    modes: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Long block or not, and the mapping."""


class Reader:
    """Knows the set-up of one stream and looks at its packets."""

    def __init__(self, identification: bytes, setup: bytes) -> None:
        """From two of the three header packets. Raises NotVorbisError."""
        if identification[:7] != b"\x01vorbis" or setup[:7] != b"\x05vorbis" or len(identification) < 30:
            raise NotVorbisError("no header of Vorbis")
        sizes = identification[28]
        self._setup = _Setup(identification[11], (1 << (sizes & 15), 1 << (sizes >> 4)))
        try:
            _read_setup(self._setup, Bits(setup[7:]))
        except (IndexError, OverflowError) as error:
            raise NotVorbisError("a header that refers to nothing") from error

    def is_whole(self, packet: bytes) -> bool:
        """Whether the codes of the packet end with its last byte."""
        bits = Bits(packet)
        try:
            _walk_packet(self._setup, bits)
        except (NotVorbisError, IndexError):
            return False
        return bits.are_used_up()


# ---------------------------------------------------------------- headers


def _read_setup(setup: _Setup, bits: Bits) -> None:
    setup.books = [_read_book(bits) for _ in range(bits.read(8) + 1)]
    for _ in range(bits.read(6) + 1):
        bits.skip(16)  # a transform that was never defined
    setup.floors = [_read_floor(bits) for _ in range(bits.read(6) + 1)]
    setup.residues = [_read_residue(bits) for _ in range(bits.read(6) + 1)]
    setup.mappings = [_read_mapping(bits, setup.channels) for _ in range(bits.read(6) + 1)]
    for _ in range(bits.read(6) + 1):
        long = bits.read(1)
        bits.skip(32)
        setup.modes.append((long, bits.read(8)))


def _read_book(bits: Bits) -> _Book:
    if bits.read(24) != _BOOK:
        raise NotVorbisError("no book")
    dimensions, entries = bits.read(16), bits.read(24)
    if not dimensions or entries > _MOST:
        raise NotVorbisError("an absurd book")
    lengths = _ordered_lengths(bits, entries) if bits.read(1) else _plain_lengths(bits, entries)
    book = _Book(dimensions, _code_words(lengths), max(lengths, default=0))
    lookup = bits.read(4)
    if lookup:
        bits.skip(64)
        width = bits.read(4) + 1
        bits.skip(1)
        count = _lattice(entries, dimensions) if lookup == 1 else entries * dimensions
        bits.skip(width * count)
    return book


def _ordered_lengths(bits: Bits, entries: int) -> list[int]:
    length = bits.read(5) + 1
    lengths: list[int] = []
    while len(lengths) < entries:
        lengths += [length] * bits.read((entries - len(lengths)).bit_length())
        length += 1
        if length > 33:
            raise NotVorbisError("code words of no length")
    return lengths


def _plain_lengths(bits: Bits, entries: int) -> list[int]:
    """0 for an entry that is not used."""
    sparse = bits.read(1)
    return [bits.read(5) + 1 if not sparse or bits.read(1) else 0 for _ in range(entries)]


def _code_words(lengths: Sequence[int]) -> dict[tuple[int, int], int]:
    """By length and bits: each entry gets the lowest code that is free (section 3.2.1)."""
    free: dict[int, int] = {}  # at most one code of each length, the lowest one
    words: dict[tuple[int, int], int] = {}
    first = True
    for entry, length in enumerate(lengths):
        if not length:
            continue
        if first:
            words[length, 0] = entry
            free = dict.fromkeys(range(1, length + 1), 1)
            first = False
            continue
        depth = max((depth for depth in free if depth <= length), default=0)
        if not depth:
            raise NotVorbisError("a book with too many code words")
        code = free.pop(depth)
        for below in range(depth + 1, length + 1):
            code <<= 1
            free[below] = code | 1
        words[length, code] = entry
    return words


def _lattice(entries: int, dimensions: int) -> int:
    """The greatest number whose power of `dimensions` is no more than `entries` (section 9.2.3)."""
    root = int(entries ** (1 / dimensions)) + 1
    while root**dimensions > entries:
        root -= 1
    return root


def _read_floor(bits: Bits) -> _Floor:
    if bits.read(16) != 1:
        raise NotVorbisError("a floor that no encoder of this century writes")
    partitions = [bits.read(4) for _ in range(bits.read(5))]
    classes: list[_FloorClass] = []
    for _ in range(max(partitions, default=-1) + 1):
        dimensions, subclasses = bits.read(3) + 1, bits.read(2)
        master = bits.read(8) if subclasses else -1
        classes.append(
            _FloorClass(dimensions, subclasses, master, [bits.read(8) - 1 for _ in range(1 << subclasses)])
        )
    scale = _RANGES[bits.read(2)]
    width = bits.read(4)
    used = [classes[each] for each in partitions]
    bits.skip(width * sum(each.dimensions for each in used))
    return _Floor((scale - 1).bit_length(), used)


def _read_residue(bits: Bits) -> _Residue:
    kind = bits.read(16)
    begin, end, partition = bits.read(24), bits.read(24), bits.read(24) + 1
    classes, book = bits.read(6) + 1, bits.read(8)
    cascade: list[int] = []
    for _ in range(classes):
        low = bits.read(3)
        cascade.append(low | (bits.read(5) << 3 if bits.read(1) else 0))
    books = [[bits.read(8) if each >> step & 1 else -1 for step in range(_PASSES)] for each in cascade]
    if kind > 2:
        raise NotVorbisError("a residue that is not known")
    return _Residue(kind, begin, end, partition, classes, book, books)


def _read_mapping(bits: Bits, channels: int) -> _Mapping:
    if bits.read(16):
        raise NotVorbisError("a mapping that is not known")
    submaps = bits.read(4) + 1 if bits.read(1) else 1
    width = (channels - 1).bit_length()
    steps = bits.read(8) + 1 if bits.read(1) else 0
    coupled = [(bits.read(width), bits.read(width)) for _ in range(steps)]
    bits.skip(2)
    channel_map = [bits.read(4) if submaps > 1 else 0 for _ in range(channels)]
    found: list[tuple[int, int]] = []
    for _ in range(submaps):
        bits.skip(8)
        found.append((bits.read(8), bits.read(8)))
    return _Mapping(coupled, channel_map, found)


# ---------------------------------------------------------------- packets


def _walk_packet(setup: _Setup, bits: Bits) -> None:
    if bits.read(1):
        raise NotVorbisError("no packet of sound")
    long, mapping_number = setup.modes[bits.read((len(setup.modes) - 1).bit_length())]
    if long:
        bits.skip(2)  # the windows on both sides
    mapping = setup.mappings[mapping_number]
    heard = [
        _walk_floor(setup, setup.floors[mapping.submaps[submap][0]], bits) for submap in mapping.channel_map
    ]
    for one, other in mapping.coupled:
        heard[one] = heard[other] = heard[one] or heard[other]
    for number, (_, residue) in enumerate(mapping.submaps):
        channels = [heard[place] for place, submap in enumerate(mapping.channel_map) if submap == number]
        _walk_residue(setup, setup.residues[residue], channels, setup.sizes[long] // 2, bits)


def _walk_floor(setup: _Setup, floor: _Floor, bits: Bits) -> bool:
    """Whether the channel has any sound in this packet."""
    if not bits.read(1):
        return False
    bits.skip(2 * floor.width)
    for each in floor.classes:
        value = setup.books[each.master].read(bits) if each.subclasses else 0
        for _ in range(each.dimensions):
            book = each.books[value & ((1 << each.subclasses) - 1)]
            value >>= each.subclasses
            if book >= 0:
                setup.books[book].read(bits)
    return True


def _walk_residue(setup: _Setup, residue: _Residue, heard: list[bool], size: int, bits: Bits) -> None:
    if residue.kind == 2:  # the channels are interleaved as one
        size *= len(heard)
        heard = [True] if any(heard) else []
    channels = sum(heard)
    length = min(residue.end, size) - min(residue.begin, size)
    partitions = length // residue.partition
    if not channels or partitions <= 0:
        return
    class_book = setup.books[residue.book]
    classes: list[list[int]] = [[] for _ in range(channels)]
    for step in range(_PASSES):
        for place in range(partitions):
            if step == 0 and place % class_book.dimensions == 0:
                for each in classes:
                    each.extend(_digits(class_book.read(bits), residue.classes, class_book.dimensions))
            for each in classes:
                _walk_partition(setup, residue, residue.books[each[place]][step], bits)


def _digits(value: int, base: int, count: int) -> list[int]:
    """The number's last `count` digits, the most significant first."""
    digits: list[int] = []
    for _ in range(count):
        value, digit = divmod(value, base)
        digits.append(digit)
    return digits[::-1]


def _walk_partition(setup: _Setup, residue: _Residue, number: int, bits: Bits) -> None:
    if number < 0:
        return
    book = setup.books[number]
    words = residue.partition // book.dimensions
    if residue.kind and residue.partition % book.dimensions:
        words += 1
    for _ in range(words):
        book.read(bits)
