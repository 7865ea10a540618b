"""The passes for people who have several rows: what each person adds up to, squared and multiplied.

`unit`: products of the sums of one person. `unit strata`: products of what a person adds in one stratum and in another,
from which like-for-like gaps take a variance that knows that both are one person's. May import: errors, load, tally.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evenhand.tally.cell_table import CellTable, KeyColumn
from evenhand.tally.coarsening import too_many_pairs
from evenhand.tally.definition import Attribute, Definition
from evenhand.tally.engines.base import Engine
from evenhand.tally.needs import Mask, Needs, Sum, Term
from evenhand.tally.passes import RawByLabel, attribute_keys, groups_of, int_column, labelled_keys
from evenhand.tally.plan import (
    Amount,
    Key,
    RawMask,
    UnitGroupBy,
    in_reference,
    other_key,
    people_column,
    product_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa


def unit_cells(
    engine: Engine,
    definition: Definition,
    needs: Needs,
    raw_values: RawByLabel,
    member: Attribute | None = None,
) -> CellTable:
    """Sums, squares and cross-products of what each person adds to the cases and the denominator of every rate.

    Where groups are shares of rows, products with what the person adds to the reference group, too.
    """
    products = {
        tuple(sorted(names))
        for cases, among in needs.pairs
        for names in ((cases.name, cases.name), (cases.name, among.name), (among.name, among.name))
    }
    shared = [
        (one.name, in_reference(other.name))
        for pair in (needs.pairs if member and member.reference else ())
        for one in pair
        for other in pair
    ]
    asked = sums_per_person(definition, needs.pairs, sorted({*products, *shared}), raw_values, member)
    return asked.table(engine.group_units(asked.query), definition, member)


def pair_cells(
    engine: Engine,
    definition: Definition,
    needs: Needs,
    raw_values: RawByLabel,
    main: CellTable,
    member: Attribute | None = None,
) -> CellTable:
    """The same of amounts by pairs of strata: what a person adds in one, times what they add in another or the same.

    Where both are the same stratum, the sums themselves too. Empty where there would be too many pairs.
    """
    pairs = strata_pairs(needs)
    products = sorted({(a.name, b.name) for pair in pairs for a in pair for b in pair})
    asked = sums_per_person(definition, pairs, products, raw_values, member, definition.factors)
    groups = [*(a.name for a in definition.labelled), *([member.name] if member else [])]
    if too_many_pairs(main, groups, [factor.name for factor in definition.factors]):
        return asked.empty(definition, member)
    return asked.table(engine.group_units(asked.query), definition, member)


def strata_pairs(needs: Needs) -> frozenset[tuple[Term, Term]]:
    """The pairs whose products are wanted by strata, too: those of amounts."""
    pairs = needs.pairs if needs.strata else frozenset[tuple[Term, Term]]()
    return frozenset(pair for pair in pairs if any(isinstance(term, Sum) for term in pair))


@dataclass(frozen=True)
class SumsPerPerson:
    """The query for sums per person and their products, and how its short names are called in cells."""

    query: UnitGroupBy
    terms: Mapping[str, Term]
    alias: Mapping[str, str]
    products: Sequence[tuple[str, str]]
    strata: Sequence[Attribute]

    def table(self, raw: pa.Table, definition: Definition, member: Attribute | None) -> CellTable:
        """The cells of a raw result."""
        labelled, _ = labelled_keys(raw, definition, member, (), self.strata)
        for factor in self.strata:
            labelled[other_key(factor.name)] = groups_of(raw[other_key(factor.name)], factor, definition)
        return CellTable(labelled, {name: int_column(raw, found) for name, found in self.columns()}).marginal(
            list(labelled)
        )

    def columns(self) -> Iterator[tuple[str, str]]:
        """The sums of the table: their names in cells and in the raw result."""
        yield "units", "units"
        yield from self.alias.items()
        for name, term in self.terms.items():
            if isinstance(term, Mask):
                yield people_column(name), people_column(self.alias[name])
        for one, other in self.products:
            found = product_columns(self.alias[one], alias_of(other, self.alias))
            yield from zip(product_columns(one, other), found, strict=True)

    def empty(self, definition: Definition, member: Attribute | None) -> CellTable:
        """The table without any cell."""
        names = [*(a.name for a in definition.labelled), *([member.name] if member else [])]
        names += [factor.name for factor in self.strata] + [other_key(factor.name) for factor in self.strata]
        nothing = np.zeros(0, dtype=np.int64)
        return CellTable(
            {name: KeyColumn(nothing, ()) for name in names}, {name: nothing for name, _ in self.columns()}
        )


def sums_per_person(
    definition: Definition,
    pairs: Iterable[tuple[Term, Term]],
    products: Sequence[tuple[str, ...]],
    raw_values: RawByLabel,
    member: Attribute | None,
    strata: Sequence[Attribute] = (),
) -> SumsPerPerson:
    """What to ask for the products of these sums."""
    assert definition.unit_column is not None
    terms = {term.name: term for pair in pairs for term in pair}
    terms = {name: terms[name] for name in sorted(terms)}
    alias = {name: f"m{i}" for i, name in enumerate(terms)}
    flags = {flag.name: Key(flag.name, flag.column) for flag in definition.flags}
    masks = [
        RawMask(
            alias[name], raw_alternatives(mask_of(term), flags, raw_values, definition), amount_of(term, definition)
        )
        for name, term in terms.items()
    ]
    again = sorted({alias_of(name, alias) for _, name in products} - {mask.name for mask in masks})
    of_reference = {in_reference(mask.name): mask for mask in masks}
    masks += [replace(of_reference[name], name=name, in_reference=True) for name in again]
    query = UnitGroupBy(
        keys=tuple(attribute_keys(definition, member)),
        unit=definition.unit_column,
        masks=tuple(masks),
        products=tuple((alias[one], alias_of(other, alias)) for one, other in products),
        admission=definition.admission,
        count=definition.count_column,
        weight=definition.weight_column,
        membership=member.membership if member else None,
        strata=tuple(Key(factor.name, factor.column, factor.derive) for factor in strata),
    )
    return SumsPerPerson(query, terms, alias, [(one, other) for one, other in products], strata)


def alias_of(name: str, alias: Mapping[str, str]) -> str:
    """The short name of a term, or of a term in the reference group."""
    return alias[name] if name in alias else in_reference(alias[name.removeprefix(in_reference(""))])


def mask_of(term: Term) -> Mask:
    return term.mask if isinstance(term, Sum) else term


def amount_of(term: Term, definition: Definition) -> Amount | None:
    return definition.amounts[term.amount] if isinstance(term, Sum) else None


def raw_alternatives(
    mask: Mask, flags: Mapping[str, Key], raw_values: RawByLabel, definition: Definition
) -> tuple[tuple[tuple[Key, tuple[object, ...]], ...], ...]:
    """A mask over labels as conditions over the raw values that carry them."""

    def raw(key: str, labels: Sequence[str]) -> tuple[Key, tuple[object, ...]]:
        if key in definition.derived:
            return definition.derived[key], tuple(labels)
        return flags[key], tuple(value for label in labels for value in raw_values[key].get(label, ()))

    return tuple(tuple(raw(key, labels) for key, labels in conjunction) for conjunction in mask.alternatives)
