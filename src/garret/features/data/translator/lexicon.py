"""Words of English that the grammar knows, apart from any schema.

Tables only: numbers, irregular forms, abbreviations common in schemas, words that carry no meaning here,
adjectives with what they measure, and words that mean nearly the same. Neighbours: all of the translator.
"""

from __future__ import annotations

from typing import Final

NUMBERS: Final[dict[str, float]] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "hundred": 100, "thousand": 1000, "once": 1, "twice": 2, "thrice": 3,
}  # fmt: skip

IRREGULAR: Final[dict[str, str]] = {
    "people": "person", "ids": "id", "ages": "age", "persons": "person", "children": "child",
    "men": "man", "women": "woman",
    "feet": "foot", "lives": "live", "series": "series", "species": "species", "analyses": "analysis",
    "data": "data", "countries": "country", "addresses": "address", "status": "status", "statuses": "status",
    "buses": "bus", "movies": "movie", "cookies": "cookie", "heroes": "hero", "wives": "wife",
    "knives": "knife", "leaves": "leave", "criteria": "criterion", "media": "media", "news": "news",
    "staffs": "staff", "faculties": "faculty", "was": "be", "is": "be", "are": "be", "were": "be",
    "been": "be",
    "has": "have", "had": "have", "having": "have", "does": "do", "did": "do", "this": "this", "its": "its",
    "taught": "teach", "bought": "buy", "sold": "sell", "wrote": "write", "written": "write", "won": "win",
    "held": "hold", "made": "make", "given": "give", "gave": "give", "paid": "pay", "spent": "spend",
    "flew": "fly", "led": "lead", "built": "build", "took": "take", "taken": "take", "driven": "drive",
    "sang": "sing", "sung": "sing", "lent": "lend", "born": "birth", "ran": "run", "as": "as", "us": "us",
    "aircrafts": "aircraft", "codes": "code", "types": "type", "names": "name", "dates": "date",
    "prices": "price", "sizes": "size", "houses": "house", "courses": "course", "classes": "class",
    "games": "game", "titles": "title", "degrees": "degree", "services": "service", "images": "image",
    "times": "time", "places": "place", "states": "state", "matches": "match", "premises": "premise",
    "bases": "base", "databases": "database", "expenses": "expense", "licenses": "license",
    "purchases": "purchase", "nurses": "nurse", "diseases": "disease", "exercises": "exercise",
    "warehouses": "warehouse", "horses": "horse", "responses": "response", "boxes": "box", "taxes": "tax",
    "axes": "axis", "caches": "cache", "headaches": "headache",
}  # fmt: skip

ABBREVIATIONS: Final[dict[str, str]] = {
    "num": "number", "no": "number", "nbr": "number", "nr": "number", "qty": "quantity", "amt": "amount",
    "desc": "description", "descr": "description", "dept": "department", "dep": "department",
    "emp": "employee", "cust": "customer", "addr": "address", "dob": "birth date", "fname": "first name",
    "lname": "last name", "mname": "middle name", "avg": "average", "ssn": "social security number",
    "acc": "account", "acct": "account", "bal": "balance", "yr": "year", "hrs": "hour", "hr": "hour",
    "cnt": "count", "tel": "telephone", "pct": "percent", "perc": "percent", "temp": "temperature",
    "lat": "latitude", "lon": "longitude", "lng": "longitude", "prof": "professor", "stu": "student",
    "crs": "course", "pop": "population", "org": "organization", "mgr": "manager", "sal": "salary",
    "loc": "location", "cat": "category", "prod": "product", "ord": "order", "inv": "invoice",
    "trans": "transaction", "svc": "service", "univ": "university", "govt": "government",
    "gov": "government", "mgmt": "management", "info": "information", "ref": "reference",
    "pub": "publication",
    "std": "standard", "max": "maximum", "min": "minimum", "tot": "total", "pos": "position",
    "cap": "capacity",
    "long": "longitude", "msg": "message", "img": "image", "lang": "language", "sem": "semester",
    "bldg": "building", "apt": "apartment", "enr": "enrollment", "sched": "schedule", "inst": "institution",
    "firstname": "first name", "lastname": "last name", "middlename": "middle name", "fullname": "full name",
    "username": "user name", "zipcode": "zip code", "postcode": "post code", "birthdate": "birth date",
    "birthday": "birth date", "organisation": "organization", "colour": "color", "mins": "minute",
    "secs": "second", "wt": "weight", "ht": "height", "mpg": "miles per gallon", "sq": "square",
    "ft": "foot", "km": "kilometer", "kms": "kilometer", "prereq": "prerequisite", "advis": "advisor",
    "fac": "faculty", "bus": "bus", "veh": "vehicle", "mfr": "manufacturer", "manf": "manufacturer",
    "cert": "certificate", "doc": "document", "dest": "destination", "src": "source", "dst": "destination",
    "arr": "arrival", "dep_time": "departure time", "lvl": "level", "grp": "group", "usr": "user",
}  # fmt: skip

EMPTY: Final[frozenset[str]] = frozenset(
    """a an the of for in on at to from by with and or is are was were be been being do does did have has had
    that which who whom whose what where when how this these those there their its his her it they them he she
    as all any some please show list find give return display get tell me us we our i you your can could would
    will want know see many much out up also about into over under than then each every per most more least
    less fewer both either neither not no nor but except without never ever if so such only just same other
    another between among during before after since until while within let lets identify report provide
    retrieve compute calculate count select describe present along together along corresponding respective
    associated belonging belong named called total number average distinct different unique order sorted
    ordered ascending descending alphabetical name whats result results information info details current
    currently available exist exists existing listed list given recorded stored database table record records
    entry entries value values detail respectively itself themselves one ones own first last""".split()
)
"""Words that alone are never taken for a value, and count for nothing where they are left over."""

FILLER: Final[frozenset[str]] = frozenset(
    """a an the of for in on at to from by with and or is are was were be been being do does did have has had
    that which who whom whose what where when how this these those there their its his her it they them he she
    as all any some please show list find give return display get tell me us we our i you your can could would
    will want know see many much out up also about into let lets identify report provide retrieve compute
    calculate count select describe present along together corresponding respective associated belonging
    belong
    named called whats result results information info current currently available exist exists existing
    listed
    given recorded stored database table record records entry entries value values detail details respectively
    itself themselves one ones own , ; : ? ! . ( ) ' - & such so just then s type kind kinds types sorts
    whatever ever name than
    overall across among together it's contain contains contained include includes included including
    data number different distinct unique am shall should may might must each every per""".split()
)
"""Words that may be left over without a loss of what was meant."""

# What an adjective of comparison measures: base adjective -> (words of columns, whether more means
# descending)
MEASURED: Final[dict[str, tuple[tuple[str, ...], bool]]] = {
    "old": (("age", "birth", "year", "founded", "opened", "built", "date"), True),
    "young": (("age", "birth", "year"), False),
    "tall": (("height", "elevation"), True),
    "short": (("length", "duration", "height", "time", "distance"), False),
    "long": (("length", "duration", "time", "distance", "hour", "day"), True),
    "heavy": (("weight", "mass"), True),
    "light": (("weight", "mass"), False),
    "cheap": (("price", "cost", "fee", "rate", "charge", "amount"), False),
    "expensive": (("price", "cost", "fee", "rate", "charge", "amount"), True),
    "costly": (("price", "cost", "fee", "charge"), True),
    "big": (("size", "area", "population", "capacity"), True),
    "large": (("size", "area", "population", "capacity", "acreage", "amount"), True),
    "small": (("size", "area", "population", "capacity", "amount"), False),
    "recent": (("date", "time", "year"), True),
    "new": (("date", "year", "time", "age"), True),
    "late": (("date", "time", "year"), True),
    "early": (("date", "time", "year"), False),
    "fast": (("speed", "velocity", "time"), True),
    "slow": (("speed", "velocity", "time"), False),
    "rich": (("worth", "wealth", "income", "money", "balance", "salary"), True),
    "deep": (("depth",), True),
    "wide": (("width",), True),
    "hot": (("temperature",), True),
    "cold": (("temperature",), False),
    "far": (("distance",), True),
    "close": (("distance",), False),
    "populous": (("population",), True),
    "populated": (("population",), True),
}  # fmt: skip
EARLIER_IS_OLDER: Final = frozenset(("birth", "founded", "opened", "built", "year", "date"))
"""Of these the lesser value is the older one."""

KIN: Final[tuple[tuple[str, ...], ...]] = (
    ("country", "nationality", "nation"),
    ("gender", "sex"),
    ("city", "town"),
    ("price", "cost"),
    ("salary", "wage", "pay", "earn"),
    ("phone", "telephone", "mobile"),
    ("email", "mail"),
    ("birth", "birthday", "born", "birthdate"),
    ("name", "title"),
    ("manager", "supervisor", "boss"),
    ("location", "place", "located", "where", "venue"),
    ("zip", "postal", "post"),
    ("employee", "staff", "worker"),
    ("teacher", "instructor", "professor", "faculty", "lecturer"),
    ("film", "movie"),
    ("song", "track"),
    ("customer", "client"),
    ("author", "writer"),
    ("pupil", "student"),
    ("car", "vehicle"),
    ("firm", "company", "corporation", "business"),
    ("shop", "store"),
    ("color", "colour"),
    ("state", "province"),
    ("role", "position"),
    ("party", "affiliation"),
    ("grade", "mark", "score"),
    ("revenue", "sale", "income"),
    ("elevation", "altitude", "height"),
    ("length", "duration"),
    ("capacity", "seat", "seating"),
    ("year", "yearly", "annual"),
    ("description", "detail"),
    ("surname", "lastname"),
    ("doctor", "physician"),
    ("medicine", "medication", "drug"),
    ("illness", "disease"),
    ("citizenship", "nationality"),
    ("hometown", "town"),
    ("enrollment", "enrolled"),
    ("organization", "organisation"),
    ("hour", "time"),
    ("kind", "type", "category"),
    ("dorm", "dormitory"),
    ("airplane", "aircraft", "plane"),
    ("attendee", "attendance"),
)
"""Words that often stand for one another in questions and schemas; found ones count less than the word
itself."""

KIN_OF: Final[dict[str, frozenset[str]]] = {}
for _group in KIN:
    for _word in _group:
        KIN_OF[_word] = KIN_OF.get(_word, frozenset()) | frozenset(_group) - {_word}

CODED: Final[dict[str, tuple[str, ...]]] = {
    "male": ("m", "male", "man", "men"),
    "female": ("f", "female", "w", "woman", "women"),
    "man": ("m", "male"),
    "woman": ("f", "female", "w"),
    "boy": ("m", "male"),
    "girl": ("f", "female"),
    "yes": ("y", "yes", "t", "true", "1"),
    "true": ("t", "true", "y", "yes", "1"),
    "no": ("n", "no", "f", "false", "0"),
    "left": ("l", "left"),
    "right": ("r", "right"),
}
"""Words that a schema often holds as a letter."""
