"""What a template may see: `Page`, and nothing else. A stable contract, described in report_templates/README.md.

Every text is ready to print and not escaped: templates escape all of it (autoescape is on for every file). The one
exception is `Chart.svg`, which is markup that we made. Adding a field is free; renaming or removing one is not.

May import: nothing of evenhand.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Badge:
    """A state: word, mark and the class that colours them. All three are shown, never the colour alone."""

    word: str
    mark: str
    css: str


@dataclass(frozen=True)
class Fact:
    """A term and what it is: a row of a definition list."""

    term: str
    text: str


@dataclass(frozen=True)
class Link:
    """A place in this page."""

    anchor: str
    text: str


@dataclass(frozen=True)
class Column:
    """Heading of a table column; numbers are set flush right."""

    title: str
    numeric: bool = False
    whole: bool = False
    """Texts of this column are not broken over lines."""


@dataclass(frozen=True)
class Cell:
    """One cell: text, or a badge, or a link to a place in this page (`anchor`)."""

    text: str
    badge: Badge | None = None
    anchor: str = ""
    more: str = ""
    """A second, quieter line: the interval of a number."""
    quiet: bool = False
    """Words instead of numbers, over the `span` columns from this one on."""
    span: int = 1


@dataclass(frozen=True)
class Table:
    """A table; the cell at `heading` of each row is that row's heading."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heading: int = 0


@dataclass(frozen=True)
class Header:
    """Section 1: what was audited."""

    kicker: str
    title: str
    purpose: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Count:
    """How many checks have a state: `2 fail`."""

    badge: Badge
    text: str


@dataclass(frozen=True)
class Verdict:
    """Section 2. `status` is the contract's word; a template that does not show `badge.word` is refused."""

    status: str
    badge: Badge
    sentence: str
    counts: tuple[Count, ...]
    counted: str
    untested: str
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the page."""


@dataclass(frozen=True)
class Decision:
    """Section 3: one check that somebody must decide about; `more` says how many sentences are left out."""

    badge: Badge
    check: Link
    sentences: tuple[str, ...]
    more: str


@dataclass(frozen=True)
class Chart:
    """An inline SVG with its caption. The numbers stand in the table beside it."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class Evidence:
    """Section 7: everything about one check. `computed` is folded: formula, method, adjustment, p-values, source."""

    anchor: str
    badge: Badge
    title: str
    subtitle: str
    sentence: str
    asks: str
    charts: tuple[Chart, ...]
    table: Table | None
    computed: tuple[Fact, ...]
    computed_tables: tuple[Table, ...]


@dataclass(frozen=True)
class PriceTopic:
    """One question about prices: a lead, a sentence for each group, charts, the tables beside them, folded tables."""

    anchor: str
    title: str
    lead: str
    sentences: tuple[str, ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    folded: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Prices:
    """What people pay, for models that set prices: not judged, read together. A topic without numbers is None."""

    title: str
    warnings: tuple[str, ...]
    """Notes: where two numbers about a group seem to disagree, and where groups have too little in common."""
    left_out: str
    """How many more notes there are; empty where these are all."""
    paid: PriceTopic | None
    why: PriceTopic | None
    quantiles: PriceTopic | None
    claims: PriceTopic | None
    factors: PriceTopic | None
    cost: PriceTopic | None


@dataclass(frozen=True)
class Factors:
    """What the declared factors explain, for models that set no price; a pricing model has it under its prices."""

    title: str
    topics: tuple[PriceTopic, ...]


@dataclass(frozen=True)
class Data:
    """Section 8: rows, what is missing, groups, roles."""

    facts: tuple[Fact, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Methods:
    """Section 11: how verdicts are reached, what is not shown, the packs' own words, what cannot all hold."""

    decisions: tuple[Fact, ...]
    limits: tuple[str, ...]
    packs: tuple[Fact, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One report. A section that has nothing to say is None or empty, and then it is absent, not empty."""

    language: str
    title: str
    generator: str
    footer: str
    header: Header
    verdict: Verdict
    decisions: tuple[Decision, ...]
    contents: tuple[Link, ...]
    checks: Table
    untested: Table | None
    prices: Prices | None
    factors: Factors | None
    evidence: tuple[Evidence, ...]
    data: Data
    methods: Methods
    glossary: tuple[Fact, ...]
    provenance: tuple[Fact, ...]
    sign_off: Table
    colophon: tuple[str, ...]
