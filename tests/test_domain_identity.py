"""Identity as properties: whatever records and decisions there are, these hold."""

import random
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from relhub.domain.identity import NAME_AND_BIRTH, OFFICIAL_SCHEMES, Decision, MatchKey, Member, name_and_birth, partition
from relhub.domain.record import PartyRecord, PersonName
from relhub.domain.relation_ids import give_ids, successors

SOURCES = ("permits", "enforcement", "projects")


def a_member(
    id_: int,
    *numbers: tuple[str, str],
    source: str = "permits",
    key: str = "",
    variant: str = "",
    birth: str = "",
    family: str = "",
    leaf: bool = False,
) -> Member:
    keys = tuple(MatchKey(scheme, value.encode()) for scheme, value in numbers)
    return Member(id_, source, key or f"k{id_}", variant, "person", keys, birth, family, leaf)


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[Member], list[Decision]]:
    count = draw(st.integers(1, 9))
    members = []
    for id_ in range(count):
        numbers = [
            (scheme, value)
            for scheme, values in (("bsn", "ab"), ("rsin", "cd"), ("own:permits", "ef"), (NAME_AND_BIRTH, "gh"))
            if (value := draw(st.sampled_from(["", *values])))
        ]
        birth, family = draw(st.sampled_from([("", ""), ("1980-02-17", "berg"), ("1951-01-01", "berg"), ("1990-03-03", "vries")]))
        source, key = draw(st.sampled_from(SOURCES)), f"k{draw(st.integers(0, 6))}"
        members.append(
            a_member(id_, *numbers, source=source, key=key, variant=str(id_), birth=birth, family=family, leaf=draw(st.booleans()))
        )
    names = sorted({member.name for member in members})
    pairs = draw(st.lists(st.sampled_from(list(combinations(names, 2))), unique=True, max_size=3)) if len(names) > 1 else []
    return members, [Decision(a, b, draw(st.sampled_from(["same", "different"]))) for a, b in pairs]


def groups(members: list[Member], decisions: list[Decision]) -> set[frozenset[int]]:
    return {frozenset(member.id for member in cluster.members) for cluster in partition(members, decisions)}


@given(towns(), st.randoms())
def test_the_order_of_arrival_never_matters(town: tuple[list[Member], list[Decision]], shuffler: random.Random) -> None:
    members, decisions = town
    expected = groups(members, decisions)
    shuffler.shuffle(members)
    shuffler.shuffle(decisions)
    assert groups(members, decisions) == expected


@given(towns())
def test_every_record_is_in_exactly_one_relation(town: tuple[list[Member], list[Decision]]) -> None:
    members, decisions = town
    found = [member.id for cluster in partition(members, decisions) for member in cluster.members]
    assert sorted(found) == [member.id for member in members]


@given(towns())
def test_official_numbers_that_differ_never_share_a_relation(town: tuple[list[Member], list[Decision]]) -> None:
    for cluster in partition(*town):
        for scheme in OFFICIAL_SCHEMES:
            assert len({key.token for member in cluster.members for key in member.keys if key.scheme == scheme}) <= 1


@given(towns())
def test_what_a_steward_decided_to_be_different_stays_apart(town: tuple[list[Member], list[Decision]]) -> None:
    members, decisions = town
    for cluster in partition(members, decisions):
        names = {member.name for member in cluster.members}
        assert not any(decision.verdict == "different" and {decision.a, decision.b} <= names for decision in decisions)


@given(towns())
def test_leaf_records_never_decide_who_others_are(town: tuple[list[Member], list[Decision]]) -> None:
    members, decisions = town
    full = [member for member in members if not member.leaf]
    ids = {member.id for member in full}
    assert {group & ids for group in groups(members, decisions)} - {frozenset()} == groups(full, decisions)


@given(towns(), st.data())
def test_components_do_not_disturb_each_other(town: tuple[list[Member], list[Decision]], data: st.DataObject) -> None:
    """Work may be confined to what a change touches: a union of whole components gives the union of their relations."""
    members, decisions = town
    relations = groups(members, decisions)
    far = [
        Member(
            100 + m.id,
            m.source,
            f"far-{m.key}",
            m.variant,
            m.kind,
            tuple(MatchKey(k.scheme, b"far" + k.token) for k in m.keys),
            m.birth,
            m.family,
            m.leaf,
        )
        for m in members
    ]
    assert {group for group in groups(members + far, decisions) if min(group) < 100} == relations


@given(towns())
def test_every_union_has_a_reason(town: tuple[list[Member], list[Decision]]) -> None:
    for cluster in partition(*town):
        assert len(cluster.links) == len(cluster.members) - 1


def test_the_same_number_joins_records_of_two_sources() -> None:
    assert groups([a_member(1, ("bsn", "x")), a_member(2, ("bsn", "x"), source="projects")], []) == {frozenset({1, 2})}


def test_a_number_that_two_different_people_have_joins_neither() -> None:
    one = a_member(1, ("bsn", "x"), birth="1980-02-17", family="berg")
    other = a_member(2, ("bsn", "x"), birth="1951-06-30", family="vries")
    assert groups([one, other], []) == {frozenset({1}), frozenset({2})}


def test_a_typing_error_in_the_birth_date_does_not_hold_a_number_back() -> None:
    one = a_member(1, ("bsn", "x"), birth="1980-02-17", family="berg")
    other = a_member(2, ("bsn", "x"), birth="1980-02-18", family="berg")
    assert groups([one, other], []) == {frozenset({1, 2})}


def test_a_steward_beats_the_contradiction_but_not_the_numbers() -> None:
    one = a_member(1, ("bsn", "x"), key="a", birth="1980-02-17", family="berg")
    other = a_member(2, ("bsn", "x"), key="b", birth="1951-06-30", family="vries")
    third = a_member(3, ("bsn", "y"), key="c")
    same = [Decision(("permits", "a"), ("permits", "b"), "same"), Decision(("permits", "b"), ("permits", "c"), "same")]
    assert groups([one, other, third], same) == {frozenset({1, 2}), frozenset({3})}


def test_father_and_son_of_one_name_stay_two() -> None:
    def born(birth: str) -> str | None:
        return name_and_birth(PartyRecord("permits", "k", "person", name=PersonName(given="Jan", family="Berg"), birth=birth))

    assert born("1951-01-01") != born("1980-02-17")
    assert born("1980-02") is None


def test_a_prefix_in_the_family_name_makes_no_difference() -> None:
    apart = PartyRecord("a", "k", "person", name=PersonName(given="Anna", prefix="van den", family="Berg"), birth="1980-02-17")
    together = PartyRecord("b", "k", "person", name=PersonName(given="ANNA", family="VAN DEN BERG"), birth="1980-02-17")
    assert name_and_birth(apart) == name_and_birth(together)


class Mint:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, anchor: tuple[str, str]) -> str:
        self.count += 1
        return f"new-{self.count}"


def test_after_a_merge_the_larger_part_keeps_its_id_and_the_other_leads_to_it() -> None:
    members = [a_member(1, ("bsn", "x")), a_member(2, ("bsn", "x")), a_member(3, ("bsn", "x"))]
    held = [(members[0].ref, "rel_b"), (members[1].ref, "rel_b"), (members[2].ref, "rel_a")]
    naming = give_ids(partition(members), held, [], Mint())
    assert naming.ids == ("rel_b",)
    assert naming.retired == {"rel_a"}
    assert successors({"rel_a"}, [(members[2].ref, "rel_a")], [(member.ref, "rel_b") for member in members]) == {"rel_a": "rel_b"}


def test_after_a_split_the_id_stays_with_the_larger_part() -> None:
    members = [a_member(1, ("bsn", "x")), a_member(2, ("bsn", "y")), a_member(3, ("bsn", "y"))]
    naming = give_ids(partition(members), [(member.ref, "rel_a") for member in members], [], Mint())
    assert naming.ids == ("new-1", "rel_a")
    assert naming.retired == frozenset()


def test_undoing_a_merge_revives_the_old_id() -> None:
    members = [a_member(1, ("bsn", "x")), a_member(2, ("bsn", "y"))]
    naming = give_ids(partition(members), [(member.ref, "rel_a") for member in members], [(members[1].ref, "rel_b")], Mint())
    assert naming.ids == ("rel_a", "rel_b")


def test_a_party_that_is_worded_otherwise_keeps_its_id() -> None:
    before, now = a_member(1, key="k", variant="old"), a_member(2, key="k", variant="new")
    assert give_ids(partition([now]), [(before.ref, "rel_a")], [], Mint()).ids == ("rel_a",)


def test_a_relation_whose_records_are_all_gone_leads_nowhere() -> None:
    assert give_ids([], [(a_member(1).ref, "rel_a")], [], Mint()).retired == {"rel_a"}


def test_a_retired_id_leads_to_where_most_of_its_last_records_are_now_and_nowhere_without_them() -> None:
    one, two, other = a_member(1).ref, a_member(2).ref, a_member(3).ref
    last = [(one, "old"), (two, "old"), (other, "gone")]
    assert successors({"old", "gone"}, last, [(one, "x"), (two, "y"), ((two[0], two[1], "reworded"), "y")]) == {"old": "y", "gone": None}


def with_birth(id_: int, *keys: tuple[str, str], birth: str = "1980-02-17", family: str = "berg") -> Member:
    return a_member(id_, *keys)._replace(birth=birth, family=family)


def test_facts_that_belong_to_two_people_join_nobody() -> None:
    """Two citizen service numbers have this name and birth date: a third record is not given to whichever sorts first."""
    facts = ("name-and-birth", "1980-02-17|berg|anna")
    members = [with_birth(1, ("bsn", "1"), facts), with_birth(2, ("bsn", "2"), facts), with_birth(3, facts)]
    assert len(partition(members)) == 3


def test_facts_that_belong_to_two_people_join_no_leaf() -> None:
    facts = ("name-and-birth", "1980-02-17|berg|anna")
    members = [with_birth(1, ("bsn", "1"), facts), with_birth(2, ("bsn", "2"), facts), with_birth(3, facts)._replace(leaf=True)]
    assert len(partition(members)) == 3


def test_a_number_of_two_who_contradict_each_other_joins_nobody_else() -> None:
    anna, bram = with_birth(1, ("bsn", "1")), with_birth(2, ("bsn", "1"), birth="1951-06-30", family="vries")
    nameless = a_member(3, ("bsn", "1"))._replace(birth="", family="")
    assert len(partition([anna, bram, nameless])) == 3


def test_a_wrong_record_with_somebodys_number_does_not_break_up_their_relation() -> None:
    annas = [with_birth(number, ("bsn", "1")) for number in range(1, 6)]
    bram = with_birth(6, ("bsn", "1"), birth="1951-06-30", family="vries")
    assert sorted(len(cluster.members) for cluster in partition([*annas, bram])) == [1, 5]


@settings(max_examples=60)
@given(towns(), st.data())
def test_no_id_is_given_twice(town: tuple[list[Member], list[Decision]], data: st.DataObject) -> None:
    members, decisions = town
    held = [(member.ref, data.draw(st.sampled_from(["r1", "r2", "r3"]))) for member in members]
    naming = give_ids(partition(members, decisions), held, [], Mint())
    assert len(set(naming.ids)) == len(naming.ids)
    assert not set(naming.retired) & set(naming.ids)


def test_who_is_said_to_be_another_does_not_keep_the_rest_from_being_joined_by_their_number() -> None:
    """One of three records with one number is contested: the other two stay one, and it stands alone."""
    number = (MatchKey("bsn", b"1"),)
    one, two, odd = (Member(n, source, "p", "", "person", number, "1980-02-17", "berg") for n, source in enumerate("abc"))
    decisions = [Decision(odd.name, other.name, "different") for other in (one, two)]
    assert [[m.source for m in cluster.members] for cluster in partition([one, two, odd], decisions)] == [["a", "b"], ["c"]]
    assert len(partition([one, two, odd], decisions[:1])) == 3  # the other may be either's: joined with neither
