"""A request ready to be judged: classified and derived, in two forms that say the same.

The laid-out facts are what the compiled judge looks at, and reading gives them. The triples
are what pySHACL, plain SHACL and explanations read; they are made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from pyoxigraph import NamedNode

from .. import days
from ..errors import InputError
from ..knowledge.base import Knowledge
from ..namespaces import COV
from ..plain import DATE_OF_SERVICE, NONE
from ..request.gate import Request
from ..request.stated import dated
from ..triples import Triples
from .classify import Classifier
from .defaults import completed
from .derive import derive, ruled_out
from .following import Following, followed_by, triples_of
from .layout import Facts, Terms, View, facts_of, open_dates, terms_of
from .notes import Note, notes_of
from .underway import with_days


@dataclass(frozen=True)
class Prepared:
    """One request, ready to be judged.

    Parameters
    ----------
    classifier : Classifier
        What it was classified by.
    following : Following
        What else follows of its records.
    unseen : Prepared or None
        What it was before a policy's view of the history was added, if one was.
    """

    request: Request
    facts: Facts
    classifier: Classifier
    following: Following
    unseen: Prepared | None = None

    @classmethod
    def of(
        cls,
        request: Request,
        triples: Triples,
        classifier: Classifier,
        following: Following,
        terms: Terms,
    ) -> Prepared:
        """Return a request whose triples are classified and derived already."""
        facts = facts_of(request.iri, request.triples, triples, terms)
        prepared = cls(request, facts, classifier, following)
        # What is known already takes the place of what would be worked out.
        prepared.__dict__["derived"] = triples
        return prepared

    @cached_property
    def derived(self) -> Triples:
        """The request classified and derived, with the view of its history."""
        request = self.request
        if self.unseen is None:
            return derived(request, self.classifier, self.following)
        triples, day = self.unseen.derived, self.facts.day
        if day != self.unseen.facts.day:
            triples = dated(request.iri, triples, day)
        return with_view(triples, request.iri, self.facts.view)

    @cached_property
    def triples(self) -> Triples:
        """What shapes look at: all that follows, and the days of courses of therapy."""
        return with_days(self.request.iri, self.derived, self.classifier.knowledge)

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What is to be remarked on the codes of the request, the same under every policy."""
        plain = self.unseen
        return plain.notes if plain else notes_of(self.facts, self.classifier.coding)

    def called(self, name: str) -> Prepared:
        """Return it under another display name."""
        named = replace(self, request=replace(self.request, name=name))
        if "derived" in self.__dict__:
            named.__dict__["derived"] = self.derived
        return named

    def seen_by(self, view: View, on: date | None = None) -> Prepared:
        """Return it with a policy's view of the history, as of another day if one is given."""
        plain = self.unseen or self
        day = on.isoformat() if on else plain.facts.day
        facts = plain.facts.seen_by(view, day)
        return Prepared(self.request, facts, self.classifier, self.following, plain)

    def moved(self, on: date) -> Prepared:
        """Return it as of another date of service; what is stated stays what was stated.

        Raises
        ------
        InputError
            When the request speaks of later days than that.
        """
        facts, day = self.facts, on.isoformat()
        own = {p: v for p, v in facts.records[facts.iri].items() if p != DATE_OF_SERVICE}
        knowledge = self.classifier.knowledge
        if max(_first_days(facts, knowledge), default="") > day:
            raise InputError(
                "the request states dates after the date of service that was asked for",
                self.request.name,
            )
        if open_dates(facts.records, knowledge):
            # Such a date may lie as late as the date of service.
            request, terms = replace(self.request, date=on), terms_of(knowledge, self.classifier)
            triples = derived(request, self.classifier, self.following)
            return Prepared.of(request, triples, self.classifier, self.following, terms)
        said = {**facts.stated[facts.iri], DATE_OF_SERVICE: (day,)}
        other = replace(
            facts,
            day=day,
            records={**facts.records, facts.iri: {**own, DATE_OF_SERVICE: (day,)}},
            stated={**facts.stated, facts.iri: said},
        )
        return Prepared(replace(self.request, date=on), other, self.classifier, self.following)


def derived(request: Request, classifier: Classifier, following: Following) -> Triples:
    """Return a request classified and derived, triple by triple, with all that follows."""
    nodes, knowledge = (request.iri, request.patient, request.procedure), classifier.knowledge
    classified = classifier.classify(completed(request.triples, classifier.coding))
    found = derive(*nodes, classified, knowledge)
    followed = triples_of(followed_by(request, found, following))
    found.update(followed)
    found.update(ruled_out({fact for _, _, fact in followed}, knowledge))
    return found


def _first_days(facts: Facts, knowledge: Knowledge) -> Iterator[str]:
    """Yield the first day of every date that is stated, but for the date of service."""
    for record in facts.stated.values():
        for p in knowledge.dated:
            yield from (days.ends(str(value))[0] for value in record.get(p.value, NONE))


def with_view(triples: Triples, request: NamedNode, view: View) -> Triples:
    """Return triples with the links that a view of the history adds."""
    out = triples.copy()
    for link, nodes in ((COV.inEpisode, view.episode), (COV.perhapsInEpisode, view.perhaps)):
        out.update((request, link, NamedNode(str(node))) for node in nodes)
    for link, pairs in (
        (COV.mergedInto, view.merged),
        (COV.perhapsMergedInto, view.perhaps_merged),
    ):
        for second, first in pairs.items():
            out.add(NamedNode(second), link, NamedNode(first))
    return out
