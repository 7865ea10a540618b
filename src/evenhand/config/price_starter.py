"""The part of `evenhand init` that is about prices: which columns play the roles of pricing, and what is written of it.

Guesses walk the table of roles: a column whose name holds every word of a role's name, or of another name for it, plays
it. May import: config.column_words, config.role_table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evenhand.config.column_words import NUMBERS, Profile, words, written
from evenhand.config.role_table import PRICING, ROLES, Role

PRICES = ("price", "premium", "apr", "fee", "fare", "charge", "rate", "tariff", "quote", "amount")
"""Words of column names that speak for a price, the surest first."""

RATES = frozenset(("apr", "rate"))
"""Words that speak for a share of money instead of money."""

WHOLE = frozenset(("total", "annual", "yearly", "gross"))
"""Words by which a price of the whole is told from its parts."""

ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "technical_price": ("technical premium", "technical rate", "risk premium", "risk price", "pure premium"),
    "expected_loss": ("expected claim", "expected claims", "expected losses", "expected cost"),
    "actual_loss": ("actual cost", "incurred", "claims", "claim", "loss", "losses"),
    "list_price": ("list premium", "list rate", "buy rate", "tariff price", "tariff premium", "tariff rate"),
    "equivalent_new_business_price": (
        "enbp",
        "new business price",
        "new business premium",
        "new customer price",
        "new price",
    ),
    "is_renewal": ("renewal", "renewed"),
    "item": ("product", "sku", "article"),
}
"""Other names of roles, words apart."""

ALONE: Mapping[str, tuple[str, ...]] = {"technical_price": ("technical",), "expected_loss": ("expected",)}
"""Names of roles that are too short to speak for them beside other words."""

CLAIMS = frozenset(("claim", "claims", "loss", "losses", "incurred", "exposure"))
COUNTS = frozenset(("number", "count", "n", "frequency", "average"))
"""Words of a column that is about claims, and of one that counts them and adds up no money."""


def price_roles(columns: list[Profile]) -> dict[str, Profile]:
    """The column of each role of pricing, by role. Each column plays one role.

    Roles other than the price come first, since `list_price` is a price by its name too. A bare `amount` in a file that
    speaks of claims or exposure is what claims cost, not a price.

    Example: `annual_premium`, `risk_premium` and `channel` are the price, the technical price and the channel.
    """
    left = list(columns)
    found: dict[str, Profile] = {}
    bare = next((c for c in left if words(c.name) == ("amount",) and _is_number(c)), None)
    if bare is not None and any(CLAIMS.intersection(words(c.name)) for c in left):
        found["actual_loss"] = bare
        left.remove(bare)
    for role in ROLES.values():
        if role.name in {"price", *found} or role.kinds != PRICING:
            continue
        column = next((c for c in left if _plays(c, role)), None)
        if column is not None:
            found[role.name] = column
            left.remove(column)
    numbers = [column for column in left if _is_number(column)]
    named = next((same for word in PRICES if (same := [c for c in numbers if word in words(c.name)])), [])
    named.sort(key=lambda c: (len(words(c.name)) > 1, not WHOLE.intersection(words(c.name))))
    price = named[0] if named else None
    return {"price": price, **found} if price is not None else found


def _plays(column: Profile, role: Role) -> bool:
    named = set(words(column.name))
    called = any(named.issuperset(words(name)) for name in (role.name, *ALSO_CALLED.get(role.name, ())))
    if not called and words(column.name) not in [(name,) for name in ALONE.get(role.name, ())]:
        return False
    if role.amount:
        return _is_number(column) and not named & COUNTS
    return column.type != "other" and not column.unique


def _is_number(column: Profile) -> bool:
    """A number that measures something: no identifier, and not yes or no written as 1 and 0."""
    flag = bool(column.labels) and set(column.labels) <= {"0", "1"}
    return column.type in NUMBERS and not flag and "id" not in words(column.name)


def price_lines(roles: Mapping[str, Profile], columns: Iterable[Profile]) -> list[str]:
    """The lines of `columns:` for these roles; each guess says that it is one."""
    lines = []
    if "price" not in roles:
        lines.append("  price:  # no price column was found: write the column of what each person pays")
    for role, column in roles.items():
        lines.append(f"  {role}: {written(column.name)}  # a guess")
        if role == "price" and RATES.intersection(words(column.name)):
            lines.append("  price_unit: percent  # a guess: rates as 5.25; `fraction` if they are written 0.0525")
        if role == "tenure" and column.type in NUMBERS and not column.labels:
            lines.append("  tenure_bands: [1, 3, 5, 10]  # a guess: edges that cut it")
    exposure = next((c for c in columns if "exposure" in words(c.name) and c.type in NUMBERS), None)
    if exposure is not None:
        lines.append(f"  # weight: {written(exposure.name)}  # only where the prices AND losses above are per year")
    lines.append("  # resolution: 0.01  # the smallest step of prices; sums are exact in it")
    return lines


# Factors --------------------------------------------------------------------------------------------------------

NO_FACTOR = (
    CLAIMS
    | frozenset(PRICES)
    | {*("id", "average", "payment", "postcode", "postal", "zip", "date", "minority", "majority")}
)
"""Words of columns that are identifiers, money, claims, groups of people, or too fine to make strata."""

MOST_LEVELS = 49
"""A text with more levels makes strata in which nobody has a counterpart."""


def factor_candidates(columns: Iterable[Profile]) -> list[Profile]:
    """Columns that may be factors of a price: labels or numbers that are neither money nor identifiers."""
    return [
        column
        for column in columns
        if not NO_FACTOR.intersection(words(column.name))
        and (column.type in NUMBERS or (column.type in ("text", "boolean") and column.distinct <= MOST_LEVELS))
        and column.distinct > 1
        and not (column.unique and column.type not in NUMBERS)
    ]


def factor_lines(candidates: Iterable[Profile]) -> list[str]:
    """Commented lines of `factors:`; each needs a reason before it loads, and a number with many values its edges."""
    lines = [
        "# What may make a price differ, each with a reason that a reader can check. Without factors nobody is",
        "# compared like for like; one that stands in for the attribute explains a real gap away. Candidates by type:",
        "# factors:",
    ]
    for column in candidates:
        cut = column.type in NUMBERS and not column.labels
        edges = "bands: [], " if cut else ""
        lines.append(f"#   {written(column.name)}: {{{edges}why: }}" + ("  # edges that cut the number" if cut else ""))
    if len(lines) == 3:
        lines.append("#   region: {why: }")
    return [*lines, ""]


PRICE_CHECKS = [
    "  - id: mean-price",
    "    metric: mean_price_ratio  # `evenhand measures` lists the others",
    "    level: report  # measured, not judged: who buys what makes means differ",
    "    why: not stated yet",
    "  # Declare `factors` above, then take the # away: at most 5% more than people who are alike in them.",
    "  # - id: like-for-like",
    "  #   metric: like_for_like_gap_percent",
    "  #   max: 5",
    "  #   why: not stated yet  # where the limit comes from",
]
