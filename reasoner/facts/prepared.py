"""A request ready to be judged: classified and derived, in two forms that say the same.

The laid-out facts are what the compiled judge looks at, and reading gives them. The triples
are what pySHACL, plain SHACL and explanations read; they are made when somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from pyoxigraph import NamedNode

from ..errors import InputError
from ..namespaces import COV
from ..plain import DATE_OF_SERVICE
from ..request.gate import Request
from ..request.stated import dated
from ..triples import Triples
from .classify import Classifier
from .defaults import completed
from .derive import derive
from .following import Following, followed_by, triples_of
from .layout import Facts, Terms, View, facts_of, stated_days
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
            nodes = request.iri, request.patient, request.procedure
            stated = completed(request.triples, self.classifier.coding)
            classified = self.classifier.classify(stated)
            derived = derive(*nodes, classified, self.classifier.knowledge)
            derived.update(triples_of(followed_by(request, derived, self.following)))
            return derived
        triples, day = self.unseen.derived, self.facts.day
        if day != self.unseen.facts.day:
            triples = dated(request.iri, triples, day)
        return with_view(triples, request.iri, self.facts.view)

    @cached_property
    def triples(self) -> Triples:
        """What shapes look at: all that follows, and the days of courses of therapy."""
        return with_days(self.request.iri, self.derived, self.classifier.knowledge)

    def seen_by(self, view: View, on: date | None = None) -> Prepared:
        """Return it with a policy's view of the history, as of another day if one is given."""
        plain = self.unseen or self
        day = on.isoformat() if on else plain.facts.day
        facts = replace(plain.facts, view=view, day=day)
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
        if max(stated_days({**facts.records, facts.iri: own}), default="") > day:
            raise InputError(
                "the request states dates after the date of service that was asked for",
                self.request.name,
            )
        said = {**facts.stated[facts.iri], DATE_OF_SERVICE: (day,)}
        other = replace(
            facts,
            day=day,
            records={**facts.records, facts.iri: {**own, DATE_OF_SERVICE: (day,)}},
            stated={**facts.stated, facts.iri: said},
        )
        return Prepared(replace(self.request, date=on), other, self.classifier, self.following)


def with_view(triples: Triples, request: NamedNode, view: View) -> Triples:
    """Return triples with the links that a view of the history adds."""
    out = triples.copy()
    for node in view.episode:
        out.add(request, COV.inEpisode, NamedNode(str(node)))
    for link, pairs in (
        (COV.mergedInto, view.merged),
        (COV.perhapsMergedInto, view.perhaps_merged),
    ):
        for second, first in pairs.items():
            out.add(NamedNode(second), link, NamedNode(first))
    return out
