"""Which columns are private, guessed from their names and from what their values look like.

A guess protects sample values alone: what a person asks for, a result shows. It errs towards private, since
a person may say otherwise at any time. Names are compared word by word, after accents and case are gone, so
that `emailCount` and `laptop` are not taken for an address and a PIN. Names of persons are not private here:
a question can hardly be understood without them.

Neighbours: the connectors, which look at values, and `fingerprint`, to which none of this matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

SAMPLES: Final = 8
"""Values that a catalogue keeps of a column."""
SAMPLE_CHARACTERS: Final = 80
"""Longer values say little about a column, and are left out."""

_WORDS: Final = frozenset(
    """
    password passwd passwort passwords kennwort pwd passphrase passcode motdepasse mdp contrasena
    contrasenha senha wachtwoord haslo heslo losenord adgangskode passord salasana sifre parola
    secret secrets geheimnis token tokens jwt otp totp apikey cvv cvc csc pin puk credential
    credentials privatekey
    email emails mail mailaddress emailaddress correo courriel emailadresse mailadresse epost
    sahkoposti phone phones telephone telefon telefono telefone telefoon telefonnummer phonenumber
    puhelin mobile mobilenumber mobil mobilnummer handy handynummer handynr cellphone cellular
    celular movil fax faxnumber faxnummer whatsapp
    iban bic kontonummer kontonr kreditkarte kreditkartennummer creditcard ccnumber cardnumber
    kartennummer
    ssn nino bsn pesel cpf curp nif nie dni nir passport reisepass passnummer passeport pasaporte
    personalausweis ausweisnummer personnummer steuernummer steuerid sozialversicherungsnummer svnr
    insee taxid codicefiscale aadhaar driverslicense fuhrerschein fuehrerschein
    dob birthdate birthday dateofbirth geburtsdatum geburtstag fechanacimiento naissance nacimiento
    nascimento streetaddress homeaddress strasse hausnummer
    ip ipaddress ipv4 ipv6 macaddress imei imsi
    """.split()
)
"""Of secrets, ways to reach a person, accounts, papers, persons and machines, in that order."""


def _by_first_word(phrases: Iterable[str]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for phrase in phrases:
        words = phrase.split()
        found.setdefault(words[0], []).append(words)
    return found


_PHRASES: Final = _by_first_word(
    (
        "mot de passe|api key|access key|private key|secret key|security code|security answer|"
        "e mail|numero de telephone|numero de telefono|mobile number|mobile no|cell number|"
        "contact number|contact no|credit card|debit card|card number|card no|account number|"
        "account no|bank account|konto nummer|konto nr|compte bancaire|cuenta bancaria|"
        "routing number|social security|social insurance|national id|national insurance|"
        "identity number|id number|tax id|tax number|tax no|driver license|drivers license|"
        "driving license|licence number|license number|numero fiscal|codice fiscale|"
        "numero de securite|steuer id|birth date|birth day|date of birth|date naissance|"
        "date de naissance|fecha nacimiento|fecha de nacimiento|data nascimento|data de nascimento|"
        "data di nascita|home address|street address|mac address|ip address"
    ).split("|")
)
"""Of several words, to be found by the first of them: a catalogue has thousands of names to look at."""

_ABOUT: Final = frozenset(
    "count counts sent opened received verified confirmed type types kind status enabled allowed rate "
    "model brand carrier provider domain length expires expiry expired valid attempts changed".split()
)
"""As a last word these say something about the private thing, and not what it is."""
_YES_OR_NO: Final = frozenset("is has have had can may num count allow allows".split())

_LETTERS: Final = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ı": "i"})
"""What Unicode does not take apart into a letter and its mark."""
_PIECES: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


@lru_cache(maxsize=4096)  # tables share many names, and each is asked about more than once
def is_private_by_name(name: str) -> bool:
    """Whether a column of this name, or a field at this path of dots, likely holds what is private."""
    return any(_is_private_word(part) for part in name.split("."))


def _is_private_word(name: str) -> bool:
    words = _words(name)
    if not words or words[-1] in _ABOUT or (len(words) > 1 and words[0] in _YES_OR_NO):
        return False
    if any(word in _WORDS or word.rstrip("0123456789") in _WORDS for word in words):
        return True
    if any(first + second in _WORDS for first, second in pairwise(words)):
        return True
    return any(
        words[at : at + len(phrase)] == phrase
        for at, word in enumerate(words)
        for phrase in _PHRASES.get(word, ())
    )


def _words(name: str) -> list[str]:
    """The words of a name, small and plain: `eMail_Address2` is e, mail, address, 2."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [piece.lower() for piece in _PIECES.findall(plain)]


_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE: Final = re.compile(r"(\+|00)\d{1,3}[\d ()/.-]{6,18}\d(\s*(x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_PHONE_HERE: Final = re.compile(
    r"(1[ .-])?(\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[ .-]\d{4}(\s*(x|ext\.?)\s*\d{1,6})?", re.IGNORECASE
)
_SOCIAL: Final = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CARD: Final = re.compile(r"\d{13,19}")
_HASH: Final = re.compile(r"\$(2[abxy]?|5|6|y|argon2(i|d|id)|pbkdf2[\w-]*|scrypt)\$.+|[0-9a-fA-F]{40,128}")
_KEY: Final = re.compile(
    r"(sk|pk|rk)[-_](live|test|proj|ant)?[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|AKIA[A-Z0-9]{16}|"
    r"xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY.*",
    re.DOTALL,
)


def is_private_by_look(values: Iterable[str]) -> bool:
    """Whether at least half of the values look like addresses, numbers of persons or accounts, or secrets."""
    looked = private = 0
    for value in values:
        if text := value.strip():
            looked += 1
            private += _looks_private(text)
    return private > 0 and private * 2 >= looked


def _looks_private(text: str) -> bool:
    if any(form.fullmatch(text) for form in (_EMAIL, _PHONE, _PHONE_HERE, _SOCIAL, _HASH, _KEY)):
        return True
    close = text.replace(" ", "").replace("-", "")
    return (_IBAN.fullmatch(close) is not None and _keeps_mod_97(close)) or (
        _CARD.fullmatch(close) is not None and close[0] in "3456" and _keeps_luhn(close)
    )


def _keeps_mod_97(iban: str) -> bool:
    """ISO 13616: the rearranged number leaves 1 when divided by 97."""
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def _keeps_luhn(digits: str) -> bool:
    """ISO/IEC 7812: the check digit of a card's number."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def choose_samples(name: str, values: Iterable[str | None]) -> tuple[tuple[str, ...], bool]:
    """A few distinct values, the most frequent first, and whether the column is guessed to be private.

    Of one that is, there are none. Values repeat as often as they were found.
    """
    if is_private_by_name(name):
        return (), True
    counted = Counter(value for value in values if value is not None)
    if is_private_by_look(counted):
        return (), True
    short = [value for value, _ in counted.most_common() if value.strip() and len(value) <= SAMPLE_CHARACTERS]
    return tuple(short[:SAMPLES]), False
