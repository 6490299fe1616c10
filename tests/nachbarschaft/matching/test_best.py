"""The quick choice of a few is the beginning of the whole ranking."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from nachbarschaft.matching.choosing import best, fitting, ranked
from nachbarschaft.matching.eligibility import fit_of, km_between
from nachbarschaft.matching.facts import Candidate, Fit, Need
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.wallclock import Slot
from tests.nachbarschaft.matching.somebody import FAR_AWAY, HERE, NEXT_DOOR, NOON, a_candidate, a_need, cell_at

some_candidate = st.builds(
    a_candidate,
    number=st.integers(1, 12),
    quarter_id=st.sampled_from([HERE, NEXT_DOOR, FAR_AWAY]),
    adjoins=st.booleans(),
    reach=st.sampled_from(["quarter", "neighbours"]),
    cell=st.sampled_from([cell_at(km) for km in (0.0, 0.4, 0.9, 1.3, 2.2)]),
    languages=st.sampled_from([frozenset({"de"}), frozenset({"uk"}), frozenset({"de", "uk"})]),
    availability=st.sampled_from([(), (Slot(2, "12:00", "22:00"),), (Slot(0, "08:00", "09:00"),)]),
    reachable=st.booleans(),
    asks_this_week=st.integers(0, 5),
    asks=st.integers(0, 9),
    yes=st.integers(0, 9),
    tasks_lately=st.floats(0, 5),
)


def fits_of(need: Need, candidates: list[Candidate]) -> list[Fit]:
    pairs = [fit_of(need, each, km_between(need, each), NOON, DEFAULT_POLICY) for each in candidates]
    return fitting(need, pairs, DEFAULT_POLICY)


@settings(max_examples=200, deadline=None)
@given(st.lists(some_candidate, max_size=15, unique_by=lambda who: who.person_id), st.integers(1, 6), st.booleans())
def test_a_few_are_the_first_of_all(candidates: list[Candidate], count: int, urgent: bool) -> None:
    need = a_need(urgent=urgent, languages=frozenset({"de", "uk"}))
    quick = best(
        need,
        fits_of(need, candidates),
        NOON,
        DEFAULT_POLICY,
        count=count,
        load_of=lambda candidate: candidate.load,
    )
    assert quick == ranked(need, candidates, NOON, DEFAULT_POLICY)[:count]


def test_of_several_offers_of_a_person_the_best_counts() -> None:
    near, far = a_candidate(cell=cell_at(0.1)), a_candidate(cell=cell_at(1.5))
    fits = fits_of(a_need(), [far, near])
    [choice] = best(a_need(), fits, NOON, DEFAULT_POLICY, count=2, load_of=lambda candidate: candidate.load)
    assert choice.candidate == near
    assert choice.candidate.person_id == UUID(int=1)
