"""The picture: who called when, what stood in the way, where something was found."""

from dataclasses import replace
from itertools import pairwise

from sandbox.domain.conduct.traits import HANDSHAKE
from sandbox.domain.conduct.verdict import judge
from sandbox.web.control.timeline import LANES, LEFT, MOST_CALLS, OTHERS, timeline
from tests.conduct.building import APIS, APP, FACTS, START, Story


def drawn(story):
    return timeline(judge(story.calls, FACTS), APIS)


def test_each_client_has_a_lane_for_each_class():
    story = Story()
    story.call(0)
    story.register(1)
    story.call(2, "submit_transfer")
    story.authorize(3, state="m", state_length=20)
    story.call(4, "token", path="/web21/oauth/token")
    story.call(5, "nothing")
    story.call(6, client_id=None)
    lanes = [(lane.client, lane.title) for lane in drawn(story).lanes]
    assert lanes == [*((APP, title) for title in LANES.values()), ("–", LANES["reference"])]
    ys = [lane.y for lane in drawn(story).lanes]
    assert ys == sorted(set(ys))


def test_calls_stand_in_the_order_in_which_they_began():
    story = Story()
    for second in (5, 0, 3):
        story.call(second)
    assert [dot.text.split()[0] for dot in drawn(story).dots] == ["#2", "#3", "#1"]
    xs = [dot.x for dot in drawn(story).dots]
    assert xs == sorted(set(xs))


def test_a_year_of_silence_is_not_a_year_wide():
    story = Story()
    story.call(0)
    story.call(1, at=START + 365 * 86_400_000)
    first, second = drawn(story).dots
    assert LEFT < first.x < second.x < 1070


def test_each_kind_of_answer_has_its_shape():
    story = Story()
    for number, status in enumerate((200, 303, 404, 503, None)):
        story.call(number, status=status)
    assert [dot.kind for dot in drawn(story).dots] == ["ok", "moved", "refused", "failed", "lost"]


def test_faults_and_closed_times_are_bands():
    effect = {"kind": "fixed_delay", "stage": "before"}
    story = Story()
    story.call(0)
    story.call(1, fault="f1", effect=effect)
    story.call(9, fault="f1", effect=effect)
    story.call(10, status=503, error_code="outside_service_hours")
    fault, closed = drawn(story).bands
    _, first, last, shut = drawn(story).dots
    assert (fault.kind, fault.text) == ("fault", "fixed_delay")
    assert fault.x < first.x < last.x < fault.x + fault.width
    assert (closed.kind, closed.text) == ("closed", "outside_service_hours")
    assert closed.x < shut.x < closed.x + closed.width


def test_findings_are_marked_at_their_last_call_the_worst_by_colour():
    story = Story()
    for second in range(3):
        story.call(second, status=401, token="t1", reason="revoked_by_bank")
    story.call(9)
    picture = drawn(story)
    (mark,) = picture.marks
    assert (mark.text, mark.level, mark.x) == ("C-8", "E", picture.dots[2].x)
    assert [dot.level for dot in picture.dots] == ["E", "E", "E", ""]


def test_two_findings_of_one_call_stand_above_each_other():
    story = Story()
    story.authorize(0)
    first, second = drawn(story).marks
    assert (first.x, first.y > second.y) == (second.x, True)


def test_times_stand_apart_and_the_day_where_it_changes():
    story = Story()
    for number in range(200):
        story.call(number * 600)
    ticks = drawn(story).ticks
    assert ticks[0][1] == "11-16 10:00:00"
    assert all(later - earlier >= 120 for (earlier, _), (later, _) in pairwise(ticks))
    assert sum(text.startswith("11-17") for _, text in ticks) == 1


def test_a_long_journal_shows_what_was_found_and_the_newest():
    story = Story()
    for second in range(2):
        story.call(second, status=404)
    for number in range(MOST_CALLS + 50):
        story.call(10 + number * 30)
    picture = drawn(story)
    assert len(picture.dots) == MOST_CALLS
    assert picture.left_out == 52


def test_no_calls_make_no_picture():
    picture = drawn(Story())
    assert (picture.lanes, picture.dots, picture.left_out) == ((), (), 0)


def test_whoever_has_a_leaked_token_has_a_lane_of_their_own_and_is_judged_by_nothing():
    story = Story()
    story.call(0, token="own")
    for second in range(1, 7):
        refused = {"status": 401, "reason": "revoked_by_bank", "grant_id": "g"}
        story.call(second, token="leaked", **refused)
    report = judge(story.calls, replace(FACTS, leaked=frozenset({"leaked"})))
    assert [each.check.id for each in report.checked if each.findings] == []
    lanes = [lane.client for lane in timeline(report, APIS).lanes]
    assert sorted(lanes) == sorted([APP, OTHERS])
    blamed = judge(story.calls, FACTS)
    assert {each.check.id for each in blamed.checked if each.findings} >= {"C-8", "C-20"}


def test_a_refused_handshake_is_drawn_and_told_and_judged_by_its_own_check_alone():
    story = Story()
    for second in range(12):
        handshake = {"tls_drill": "expired", "client_id": None, "status": None, "bank": ""}
        story.call(second, HANDSHAKE, method="TLS", path="/", **handshake)
    report = judge(story.calls, FACTS)
    verdicts = {each.check.id: each.verdict.value for each in report.checked}
    assert verdicts["C-24"] == "clean"
    assert "found" not in verdicts.values()
    picture = timeline(report, APIS)
    assert {dot.kind for dot in picture.dots} == {"moved"}
    assert "証明書を拒否 / certificate refused" in picture.dots[0].text
    story.call(20, tls_drill="expired")
    (found,) = [each for each in judge(story.calls, FACTS).checked if each.check.id == "C-24"]
    assert [each.calls for each in found.findings] == [(13,)]
