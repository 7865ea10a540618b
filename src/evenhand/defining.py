"""The definition that the tally works by: which columns make groups, strata, flags, amounts and distributions.

Everything that a measure can ask for by name is named here, from the roles that the audit file declares. To add a
role whose sums are kept: a row in `config/role_table.py` is enough. May import: config, tally.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from evenhand.config.attributes import declared_groups
from evenhand.config.bands import band_labels
from evenhand.config.loader import Audit
from evenhand.config.role_table import ROLES
from evenhand.tally.definition import Attribute, Definition, Distribution, Flag
from evenhand.tally.plan import TOLERANCE_SCALE, Admission, Amount, Beyond, Excess, Gap, Grid, Key, Presence, Sign

LABELS = ("campaign", "contacts", "tenure", "item", "time_bucket", "channel", "period")
"""Roles that are kept as labels, where a measure asks for them as keys."""

ERRORS: Mapping[str, str] = {"error": "technical_price", "loss_error": "actual_loss"}
"""How far the price lies from another amount: the name of the distance, and the role it is measured to."""


def definition_of(
    audit: Audit, columns: Mapping[str, str], described: Mapping[str, str], admission: Admission
) -> Definition:
    """The definition; `columns` says which column of the joined frame plays each role, `described` how it is called."""
    file = audit.file
    unit = None if file.columns.count else columns.get("unit")
    return Definition(
        attributes=tuple(attributes_of(audit, columns)),
        flags=tuple(flags_of(audit, columns)),
        labels=tuple(labels_of(audit, columns)),
        factors=tuple(factors_of(audit, columns)),
        derived={key.name: key for key in derived_of(audit, columns)},
        amounts={amount.name: amount for amount in amounts_of(audit, columns)},
        distributions={found.name: found for found in distributions_of(audit, columns)},
        count_column=columns.get("count"),
        weight_column=columns.get("weight"),
        unit_column=unit,
        unit_assumed=unit is None and "count" not in columns,
        admission=admission,
        missing_values=file.data.missing_values,
        described=described,
        where=file.data.where,
        one_value={"currency": columns["currency"]} if "currency" in columns else {},
    )


def price_scale(audit: Audit) -> int:
    """Whole units in 1: 100 for prices in cents."""
    return round(1 / audit.file.columns.resolution)


def attributes_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Attribute]:
    """Protected attributes: labels, bands, or shares per row."""
    for name, attribute in audit.file.protected.items():
        if attribute.probabilities:
            shares = tuple(
                (label, columns[f"share:{name}:{label}"], column) for label, column in attribute.probabilities.items()
            )
            yield Attribute(name=name, column="", described=name, shares=shares, reference=attribute.reference)
            continue
        yield Attribute(
            name=name,
            column=columns[f"protected:{name}"],
            described=attribute.column or name,
            values=attribute.values,
            edges=attribute.bands,
            band_labels=declared_groups(attribute) if attribute.bands else None,
        )


def factors_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Attribute]:
    """Declared business reasons; prices are compared within a period, too, where there is one."""
    for name, factor in audit.file.factors.items():
        column, described = columns[f"factor:{name}"], factor.column or name
        yield banded(f"factor:{name}", column, described, factor.bands, factor.values)
    if "period" in columns:
        yield banded("factor:period", columns["period"], audit.file.columns.period or "")


def labels_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Attribute]:
    """Other keys: labels as they stand, tenure in its bands."""
    for role in LABELS:
        if role in columns and role != "period":
            edges = audit.file.columns.tenure_bands if role == "tenure" else None
            yield banded(role, columns[role], getattr(audit.file.columns, role), edges)


def banded(
    name: str,
    column: str,
    described: str,
    edges: tuple[Decimal, ...] | None = None,
    values: Mapping[str, str] | None = None,
) -> Attribute:
    """A key whose groups are the labels of a column, renamed by `values`, or bands between `edges`."""
    labels = band_labels(edges) if edges else None
    return Attribute(name, column, described, values=values, edges=edges, band_labels=labels)


def flags_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Flag]:
    """Yes/no columns with the texts that mean yes."""
    named = audit.file.columns
    for role, column, ones, zeros, zeros_key in (
        ("decision", named.decision, named.selected, named.unselected, "unselected"),
        ("label", named.label, named.positive, named.negative, "negative"),
    ):
        if column:
            yield Flag(role, columns[role], column, role, ones=ones, zeros=zeros or None, zeros_key=zeros_key)
    if named.consent:
        consent = named.consent
        yield Flag("consent", columns["consent"], consent.column, "consent", ones=consent.given, rest_is_no=True)
    for role in ("vulnerable", "is_renewal"):
        if role in columns:
            yield Flag(role, columns[role], getattr(named, role), role, boolean=True)
    for stage in named.stages:
        yield Flag(f"stage:{stage}", columns[f"stage:{stage}"], stage, "stage", boolean=True)


def derived_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Key]:
    """Where numbers are known, and how the price stands to others."""
    scale = price_scale(audit)
    for role in ROLES.values():
        if role.name in columns and (role.amount or role.name == "score"):
            yield Key(f"{role.name}_presence", columns[role.name], Presence())
    if "price" not in columns:
        return
    yield Key("price_sign", columns["price"], Sign(scale))
    if "list_price" in columns:
        yield Key("price_to_list", columns["price"], Beyond(columns["list_price"], scale))
    if "equivalent_new_business_price" in columns:
        tolerance = round(audit.file.columns.walking_tolerance * TOLERANCE_SCALE)
        new = columns["equivalent_new_business_price"]
        yield Key("price_to_new_business", columns["price"], Beyond(new, scale, tolerance))


def amounts_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Amount]:
    """Amounts of money in whole units, and how far the price lies from two of them."""
    scale = price_scale(audit)
    for role in ROLES.values():
        if role.amount and role.name in columns:
            yield Amount(role.name, columns[role.name], scale)
    for name, role_name in ERRORS.items():
        if "price" in columns and role_name in columns:
            yield Amount(name, columns["price"], scale, away_from=columns[role_name])


def distributions_of(audit: Audit, columns: Mapping[str, str]) -> Iterator[Distribution]:
    """Numbers whose values are counted: scores on their declared grid, prices on the finest that stays small."""
    if "score" in columns:
        grid = Grid(round(1 / audit.file.columns.score_resolution))
        yield Distribution("score", Key("score", columns["score"], grid), (columns["score"],), keys=("label",))
    if "price" not in columns:
        return
    price, scale = columns["price"], price_scale(audit)
    bins = Key("price", price, Grid(scale))
    yield Distribution("price", bins, (price,), coarsened=True)
    yield Distribution("price by stratum", bins, (price,), strata=True, coarsened=True)
    for role in ("expected_loss", "technical_price"):
        if role in columns and "actual_loss" in columns:
            known = (price, columns["actual_loss"], columns[role])
            yield Distribution(f"price with {role}", bins, known, coarsened=True, amounts=True)
    if "item" in columns:
        keys = tuple(role for role in ("item", "time_bucket", "channel") if role in columns)
        yield Distribution("price by item", bins, (price,), keys=keys)
    for name, role in ERRORS.items():
        if role in columns:
            gap = Gap(columns[role], scale)
            yield Distribution(name, Key(name, price, gap), (price, columns[role]), coarsened=True)
    if "equivalent_new_business_price" in columns:
        new = columns["equivalent_new_business_price"]
        keys = tuple(role for role in ("is_renewal", "tenure") if role in columns)
        walking = Key("walking", price, Excess(new, scale))
        yield Distribution("walking", walking, (price, new), keys=keys)
