"""The audit file as pydantic models: every key, its type, its default and what it means. Shape only.

What must fit together (a reference that its bands do not make, a limit on the wrong side) is in `declarations.py` and
`limits.py`. Descriptions here feed the JSON schema of editors, the hints of errors, and docs/audit-file.md.

May import: config.fields. Imports pydantic: not for `evenhand --help`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evenhand.config.fields import (
    AnyTexts,
    AttributeName,
    Day,
    Delimiter,
    Edges,
    Encoding,
    Flag,
    FormatVersion,
    Kind,
    Number,
    PriceStep,
    Resolution,
    Share,
    Text,
    Texts,
    Time,
    Whole,
)

Level = Literal["error", "warn", "report"]
DecideBy = Literal["assurance", "confirmatory", "legal", "point"]
PriceUnit = Literal["money", "percent", "fraction"]
Polarity = Literal["benefit", "burden"]
Binding = Literal["law", "guidance", "practice", "draft", "repealed"]


POLARITY_OF_KIND: Mapping[str, Polarity] = {"pricing": "burden"}
"""What `polarity` is where the file does not say; kinds that are not here must say it."""


class Section(BaseModel):
    """A mapping of the file. `null` is the same as leaving the key out; a key that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reserved: ClassVar[frozenset[str]] = frozenset()
    """Keys of the contract that this version does not do yet; empty ones are let through, others refused."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, given: Any) -> Any:
        if given is None:
            return {}
        if not isinstance(given, dict):
            return given
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {
            key: value
            for key, value in given.items()
            if not (value is None and key in known) and not (key in cls.reserved and not value)
        }


class Model(Section):
    name: Text = Field(description="the model's name, as the report prints it")
    version: Text = Field(description="the model's version")
    kind: Kind = Field(
        description="what the model does: targeting decides who gets something, pricing what each person pays"
    )
    owner: Text | None = Field(default=None, description="who answers for the model")


class Approved(Section):
    by: Text = Field(description="who approved this audit file")
    on: Day = Field(description="the day of the approval, as 2026-03-02")


class Data(Section):
    reserved: ClassVar[frozenset[str]] = frozenset(
        ("items", "item_key", "catalogue", "ground_truth", "history", "audience")
    )
    predictions: Text | None = Field(
        default=None, description="file, folder or pattern of the decisions, beside this file"
    )
    attributes: Text | None = Field(
        default=None, description="file of the protected attributes, if they are kept apart"
    )
    key: Text | None = Field(default=None, description="column that joins the two files; unique in the attributes")
    where: dict[Text, Texts] = Field(
        default={}, description="only rows whose column holds one of these values are audited"
    )
    period: Text | None = Field(default=None, description="the time that the data cover, for the report")
    currency: Text | None = Field(
        default=None, description="currency of all prices, where no column says it: EUR; not with `columns.currency`"
    )
    missing_values: AnyTexts = Field(default=(), description="further spellings of missing; the empty text always is")
    delimiter: Delimiter = Field(
        default=",", description="what separates the fields of a CSV file: one character, or tab"
    )
    encoding: Encoding = Field(default="utf-8", description="text encoding of a CSV or JSON Lines file")


class Consent(Section):
    column: Text = Field(description="column that says whether the person allowed this use")
    given: Texts = Field(description="value or values of it that mean allowed", min_length=1)


class Columns(Section):
    reserved: ClassVar[frozenset[str]] = frozenset(
        (
            *("list", "user", "rank", "relevance", "item_price", "category", "popularity"),
            *("opportunity", "risk", "run"),
        )
    )
    decision: Text | None = Field(default=None, description="column of what was decided about the person")
    selected: Texts = Field(default=(), description="value or values of `decision` that mean selected")
    unselected: Texts = Field(default=(), description="the other values, needed when there is more than one")
    score: Text | None = Field(default=None, description="column of the model's score")
    score_resolution: Resolution = Field(
        default=Decimal("0.001"), description="step of the grid on which scores are counted; measures are exact on it"
    )
    label: Text | None = Field(default=None, description="column of what turned out to be true")
    positive: Texts = Field(default=(), description="value or values of `label` that mean true")
    negative: Texts = Field(default=(), description="the other values, needed when there is more than one")
    unit: Text | None = Field(default=None, description="column that identifies the person, when one has several rows")
    count: Text | None = Field(default=None, description="column that says how many people a row stands for")
    weight: Text | None = Field(
        default=None,
        description="column of sampling or exposure weights: one person, counted more or less. Prices and losses are "
        "multiplied by it, so with exposure both must be per year insured",
    )
    consent: Consent | None = Field(default=None, description="a mapping: column, and the values that mean given")
    stages: Texts = Field(default=(), description="Boolean columns of the stages that people pass, in order")
    vulnerable: Text | None = Field(default=None, description="Boolean column: the person is in a vulnerable situation")
    campaign: Text | None = Field(default=None, description="column of the campaign or advertisement")
    contacts: Text | None = Field(default=None, description="column of how often the person was contacted")
    price: Text | None = Field(default=None, description="column of what the person pays or is quoted")
    price_unit: PriceUnit = Field(
        default="money",
        description="what the numbers in `price` are: money, or a rate written as 5.25 (percent) or 0.0525 (fraction); "
        "basis points follow from it",
    )
    resolution: PriceStep = Field(
        default=Decimal("0.01"), description="smallest step of prices; sums are exact in it. It divides 1"
    )
    technical_price: Text | None = Field(
        default=None, description="column of the price that costs and risk alone would give"
    )
    expected_loss: Text | None = Field(default=None, description="column of the cost that was expected of the person")
    actual_loss: Text | None = Field(default=None, description="column of the cost that the person turned out to cause")
    list_price: Text | None = Field(default=None, description="column of the price by the list, before exceptions")
    equivalent_new_business_price: Text | None = Field(
        default=None, description="column of what the same person would pay as a new customer"
    )
    walking_tolerance: Share = Field(
        default=Decimal(0), description="share by which a renewal price may exceed the equivalent new-business price"
    )
    is_renewal: Text | None = Field(default=None, description="Boolean column: the price is of a renewal")
    tenure: Text | None = Field(default=None, description="column of how long the person has been a customer")
    tenure_bands: Edges | None = Field(default=None, description="edges that cut `tenure`, a number, into bands")
    item: Text | None = Field(default=None, description="column of what is bought: the product, the article")
    time_bucket: Text | None = Field(default=None, description="column of the hour, day or week of the price")
    channel: Text | None = Field(default=None, description="column of the channel: branch, broker, web")
    currency: Text | None = Field(default=None, description="column of the currency of the price")
    period: Text | None = Field(default=None, description="column of the period of the row, such as its month")


class Protected(Section):
    column: Text | None = Field(default=None, description="column of the attribute; default: the attribute's name")
    values: dict[Text, Text] | None = Field(default=None, description="labels for the values as they stand in the data")
    bands: Edges | None = Field(
        default=None, description="edges that cut a number into groups: [18, 30] is <18, 18-29, 30+"
    )
    probabilities: dict[Text, Text] | None = Field(
        default=None,
        description="for each label the column of shares, counts or estimated membership: {female: p_f, male: p_m}",
    )
    reference: Text = Field(description="the group that others are compared with, fixed before the data are seen")
    special_category: Flag = Field(default=False, description="a special category of personal data (GDPR Art. 9)")


class Factor(Section):
    why: Text = Field(description="why this is a legitimate business reason: a sentence that a reader can check")
    column: Text | None = Field(default=None, description="column of the factor; default: the factor's name")
    values: dict[Text, Text] | None = Field(default=None, description="labels for the values as they stand in the data")
    bands: Edges | None = Field(default=None, description="edges that cut a number into strata")


class Exclusion(Section):
    attribute: AttributeName = Field(description="the attribute or intersection")
    group: Text = Field(description="the group that is not judged")
    why: Text = Field(description="why it is left out")


class SmallGroups(Section):
    min_people: Whole = Field(default=30, description="people in a denominator below which a group is not judged")
    min_denominator: Whole = Field(default=20, description="the same for denominators that are part of a group")
    min_expected: Whole = Field(default=20, description="expected cases below which a pass is withheld")
    max_untested: Share = Field(
        default=Decimal("0.05"), description="share of the people that may be in unjudged groups"
    )
    min_in_stratum: Whole = Field(default=5, description="people of either group below which a stratum is not compared")
    min_overlap: Share = Field(
        default=Decimal("0.80"),
        description="share of the protected group that must be in compared strata; below it a like-for-like check is "
        "inconclusive",
    )


class CheckEntry(Section):
    """A check as written, in an audit file or a pack; `metric` may be missing where it changes a pack's check."""

    id: Text = Field(description="the check's name: a-z, 0-9 and -; or pack/check to change a check of a pack")
    metric: Text | None = Field(default=None, description="what is measured; `evenhand measures` lists the names")
    min: Number | None = Field(default=None, description="the printed number must be at least this")
    max: Number | None = Field(default=None, description="the printed number must be at most this")
    level: Level | None = Field(default=None, description="error (default), warn, or report: measured, never judged")
    decide_by: DecideBy | None = Field(default=None, description="how it is decided; default assurance")
    attributes: tuple[AttributeName, ...] | None = Field(
        default=None, description="attributes and intersections it covers; default: all", min_length=1
    )
    why: Text | None = Field(default=None, description="where the limit comes from")
    bootstrap: Whole | None = Field(default=None, description="replicates, only for metrics of other packages")


class AuditFile(Section):
    reserved: ClassVar[frozenset[str]] = frozenset(("waivers", "statements", "baseline", "baselines", "providers"))
    version: FormatVersion = Field(description="version of this file's format: 1")
    model: Model = Field(description="a mapping: name, version, kind, owner")
    purpose: Text = Field(description="what the model's decisions are for, in one sentence")
    approved: Approved | None = Field(default=None, description="a mapping: by, on")
    data: Data = Field(default=Data(), description="a mapping: predictions, attributes, key, where, period")
    columns: Columns = Field(default=Columns(), description="a mapping: which column plays which role")
    polarity: Polarity = Field(
        description="whether being selected, or a high price, is a benefit or a burden for the person"
    )
    protected: dict[Text, Protected] = Field(
        description="a mapping of the protected attributes, each with its reference", min_length=1
    )
    intersections: tuple[Annotated[tuple[Text, ...], Field(min_length=2)], ...] = Field(
        default=(), description="lists of attributes whose combinations are groups too: [[sex, age_band]]"
    )
    factors: dict[Text, Factor] = Field(
        default={}, description="columns declared legitimate business reasons, each with why"
    )
    exclude: tuple[Exclusion, ...] = Field(default=(), description="groups that are not judged, each with why")
    population: dict[Text, dict[Text, Share]] = Field(
        default={}, description="shares of the groups in the population that the data should represent"
    )
    small_groups: SmallGroups = Field(default=SmallGroups(), description="a mapping of floors for small groups")
    extends: Texts = Field(
        default=(), description="packs that this file builds on: shipped names, or paths of pack files"
    )
    checks: tuple[CheckEntry, ...] = Field(default=(), description="the list of checks")

    @model_validator(mode="before")
    @classmethod
    def _polarity_of_the_kind(cls, given: Any) -> Any:
        """A file that says no `polarity` has that of its kind; where the kind has none, the key is missing."""
        if not isinstance(given, dict) or given.get("polarity") is not None:
            return given
        model = given.get("model")
        kind = model.get("kind") if isinstance(model, dict) else None
        usual = POLARITY_OF_KIND.get(kind) if isinstance(kind, str) else None
        return given if usual is None else {**given, "polarity": usual}


class InForce(Section):
    from_: Time | None = Field(default=None, alias="from", description="when it began to apply")
    to: Time | None = Field(default=None, description="when it ceased to apply")


class PackFile(Section):
    """A pack: checks and floors, with the texts that say what they stand for. Nothing about one model or its data."""

    id: Text = Field(description="the pack's name: a-z, 0-9 and -")
    version: Text = Field(description="the pack's version")
    title: Text = Field(description="what it is, in a few words")
    jurisdiction: Text = Field(description="where it applies")
    binding: Binding = Field(description="law, guidance, practice, draft or repealed")
    in_force: InForce = Field(default=InForce(), description="a mapping: from, to")
    source: Text = Field(description="the text that it follows")
    sentence: Text = Field(description="the status sentence that the report prints")
    walking_tolerance: Share | None = Field(
        default=None, description="the most by which audit files may let a renewal exceed its equivalent price"
    )
    small_groups: SmallGroups | None = Field(
        default=None, description="floors that audit files may make stricter, not looser"
    )
    checks: tuple[CheckEntry, ...] = Field(description="the list of checks", min_length=1)
