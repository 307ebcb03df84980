"""Reading data: within hours, not too often, to the end, in the right types."""

from dataclasses import replace

import pytest

from sandbox.domain.conduct.call import Call
from tests.conduct.building import FACTS, START, Story, found, ids

HOUR = 3_600

# C-10: hours


def test_calls_at_times_that_were_announced_as_closed_are_found():
    facts = replace(FACTS, is_closed=lambda call: call.at >= START + 5_000)
    story = Story()
    for second in (4, 5, 6):
        story.call(second, status=503)
    story.call(7, "sign_in_page")
    assert ids("C-10", story, facts) == [(2, 3)]
    assert found("C-10", story) == []


# C-10: polling


@pytest.mark.parametrize(("times", "count"), [(10, 0), (11, 1)])
def test_the_same_thing_ten_times_a_minute_is_enough(times, count):
    story = Story()
    for number in range(times):
        story.call(number * 5, token="t1")
    assert len(found("C-10", story)) == count


@pytest.mark.parametrize(("apart", "count"), [(5.9, 1), (6, 0)])
def test_a_poll_every_six_seconds_is_ten_a_minute(apart, count):
    story = Story()
    for number in range(12):
        story.call(number * apart, token="t1")
    assert len(found("C-10", story)) == count


def test_many_users_are_no_polling():
    story = Story()
    for number in range(40):
        story.call(number, token=f"t{number % 8}")
    assert found("C-10", story) == []


# C-10: without a person


def updates(story, times, *, start=0):
    for number in range(times):
        for page in range(3):
            story.call(start + number * 2 * HOUR + page, grant_id="g1", path=f"/x?{page}")


@pytest.mark.parametrize(("times", "count"), [(4, 0), (5, 1)])
def test_four_updates_a_day_without_a_person_are_enough(times, count):
    story = Story()
    updates(story, times)
    assert len(found("C-10", story)) == count


def test_the_next_day_is_another_one():
    story = Story()
    updates(story, 4)
    updates(story, 4, start=24 * HOUR)
    assert found("C-10", story) == []


@pytest.mark.parametrize(("later", "count"), [(10, 0), (11, 1)])
def test_a_person_who_has_just_consented_is_there(later, count):
    story = Story()
    updates(story, 4, start=HOUR)
    story.consent(10 * HOUR, grant_id="g1")
    story.call(10 * HOUR + later * 60, grant_id="g1")
    assert len(found("C-10", story)) == count


# C-16

MORE, END = '{"has_next": true,"count":1}', '{"has_next":false}'


def statement(story, second, query, body, **more):
    path = f"/accounts/1/transactions?{query}"
    said = {"path": path, "response_body": body, "grant_id": "g1", **more}
    story.call(second, "list_transactions", **said)


def test_a_page_that_was_announced_and_not_asked_for_is_found():
    story = Story()
    statement(story, 0, "", MORE)
    story.call(1, "list_accounts")
    assert ids("C-16", story) == [(1,)]


def test_who_goes_on_to_the_end_is_right():
    story = Story()
    for page in range(20):
        statement(story, page, f"page={page}", MORE)
    statement(story, 20, "page=20", END)
    assert found("C-16", story) == []


@pytest.mark.parametrize(
    "other", [{"grant_id": "g2"}, {"client_id": "other"}, {"path": "/accounts/2/transactions"}]
)
def test_what_others_ask_for_is_not_the_next_page(other):
    story = Story()
    statement(story, 0, "", MORE)
    statement(story, 1, "page=2", END, **other)
    assert ids("C-16", story) == [(1,)]


@pytest.mark.parametrize(("times", "said"), [(3, "more"), (4, "same page")])
def test_the_same_page_over_and_over_is_a_loop(times, said):
    story = Story()
    for second in range(times):
        statement(story, second, "page=2", MORE)
    (finding,) = found("C-16", story)
    assert said in finding.what.en


def test_a_refused_page_announces_nothing():
    story = Story()
    statement(story, 0, "", MORE, status=503)
    assert found("C-16", story) == []


# C-17 and C-19

EXTRA = {"effect": {"kind": "schema_drift", "ops": ["add"], "stage": "reply"}}
DROPPED = {"effect": {"kind": "schema_drift", "ops": ["drop"], "stage": "reply"}}


def skew(ms):
    return {"effect": {"kind": "clock_skew", "skew_ms": ms, "stage": "reply"}}


@pytest.mark.parametrize(
    ("check", "struck", "count"),
    [
        ("C-17", EXTRA, 1),
        ("C-17", DROPPED, 0),
        ("C-17", {}, 0),
        ("C-19", skew(60_000), 1),
        ("C-19", skew(-60_000), 1),
        ("C-19", skew(60_001), 0),
        ("C-19", skew(-60_001), 0),
        ("C-19", skew(0), 0),
        ("C-19", {}, 0),
    ],
)
def test_a_client_that_breaks_off_over_something_harmless_is_found(check, struck, count):
    story = Story()
    story.call(0)
    story.call(1, **struck)
    assert ids(check, story) == [(2,)] * count
    story.call(2)
    assert found(check, story) == []


@pytest.mark.parametrize(("check", "struck"), [("C-17", EXTRA), ("C-19", skew(1_000))])
def test_a_single_call_is_no_habit_to_break_off(check, struck):
    story = Story()
    story.call(0, **struck)
    story.call(1, client_id="other")
    assert found(check, story) == []


# C-22


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"remitting_bank_code": 9}', "remitting_bank_code"),
        ('{"a":[{"account_number":1234567}]}', "account_number"),
        ('{"customer_code1":1,"item_id":-2}', "customer_code1, item_id"),
        ('{"new_code":0}', "new_code"),
    ],
)
def test_a_code_as_a_number_is_found(body, names):
    story = Story()
    story.register(0, request_body=body, status=400)
    (finding,) = found("C-22", story)
    assert f"({names})" in finding.what.en


@pytest.mark.parametrize(
    "body",
    [
        '{"remitting_bank_code":"0009"}',
        '{"transfer_amount":9,"total_count":1,"total_amount":100}',
        '{"bank_code":null,"text":"account_number: 1"}',
        "plain text",
    ],
)
def test_amounts_and_texts_are_what_they_are(body):
    story = Story()
    story.register(0, request_body=body)
    assert found("C-22", story) == []


def test_forms_have_no_numbers():
    story = Story()
    story.token(0, "refresh_token", form="&account_number=1")
    assert found("C-22", story) == []


# What a call keeps of a journal entry


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (None, False),
        ("", False),
        ('{"current_balance":12}', False),
        ('{"transaction_id":"8"}', True),
        ('{"rows":[],"has_next":true}', True),
    ],
)
def test_of_an_answer_only_what_a_check_looks_into_is_held(answer, is_kept):
    entry = {
        "id": 1,
        "at": 2,
        "real_at": 3,
        "latency_us": 4,
        "bank": "tomato",
        "method": "GET",
        "path": "/accounts",
        "status": 200,
        "request_body": "a=b",
        "response_body": answer,
    }
    call = Call.of(entry)
    assert (call.response_body, call.request_body) == (answer if is_kept else None, "a=b")
