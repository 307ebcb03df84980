"""What a scenario keeps of an answer for later steps, and what it declares of the app."""

import pytest

from sandbox.scenarios.mistakes import ScenarioInvalid
from sandbox.scenarios.model import Verdict
from sandbox.scenarios.reading import read_scenario
from sandbox.scenarios.running import filled
from tests.scenarios.drilling import played, shown

HEAD = "name: a\ntitle: {ja: 題, en: t}\nstory: {ja: 話, en: s}\ntimeline:\n"
LINK = '  - link: {persona: taro, path: "/link?user=taro", status: 200}\n'


async def run(running, steps: str) -> Verdict:
    return (await played(running.sandbox.control_url, read_scenario(HEAD + steps), "careful"))[0]


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("grants/{id}/revoke", "grants/g7/revoke"),
        ("{id}{id}", "g7g7"),
        ("{other} {ID} {}", "{other} {ID} {}"),
        ({"a": ["{id}", 1, None, {"b": "{id}"}]}, {"a": ["g7", 1, None, {"b": "g7"}]}),
        (True, True),
    ],
)
def test_what_was_kept_stands_in_place_of_its_name(value, becomes):
    assert filled(value, {"id": "g7"}) == becomes


async def test_a_later_step_names_what_an_act_has_answered(running):
    verdict = await run(
        running,
        f"{LINK}  - act: {{method: GET, path: grants, keep: {{grant: grants.0.grant_id}}}}\n"
        '  - act: {path: "grants/{grant}/revoke"}\n'
        '  - app: {path: "/sync?user=taro", status: 409}\n'
        '  - expect: {grants: {where: {grant_id: "{grant}", is_live: false}, count: 1}}\n',
    )
    assert verdict.has_passed, shown(verdict)


async def test_a_place_that_is_empty_keeps_nothing_and_says_so(running):
    verdict = await run(
        running, "  - act: {method: GET, path: grants, keep: {grant: grants.0.grant_id}}\n"
    )
    assert verdict.steps[0].problem == (
        "there is no grants.0.grant_id in the answer, to keep as grant"
    )


def test_a_name_to_keep_has_a_form():
    with pytest.raises(ScenarioInvalid) as caught:
        read_scenario(HEAD + "  - act: {path: grants, keep: {Grant 1: id}}\n")
    (mistake,) = caught.value.mistakes
    assert (mistake.line, "Grant 1" in str(mistake)) == (5, True)


async def test_what_is_declared_is_judged_and_a_view_that_is_none_is_a_failed_step(running):
    verdict = await run(
        running,
        f"{LINK}  - expect: {{conduct: {{declared: {{transfers: 0}}, none: [C-3, C-18]}}}}\n"
        '  - expect: {conduct: {view: "/status?user=taro", none: [C-18]}}\n'
        "  - expect: {conduct: {declared: {transfers: -1}, none: [C-3]}}\n",
    )
    fine, strange, below = (outcome.problem for outcome in verdict.steps[1:])
    assert fine is None
    assert "422" in (strange or "")
    assert "422" in (below or "")
