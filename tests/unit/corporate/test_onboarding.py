"""The steps from application to first token: each is next once all before it are done."""

from dataclasses import replace

import pytest

from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import ContractStatus, Service, ServiceContract
from sandbox.domain.corporate.onboarding import TAKEN_BY, Progress, Step
from sandbox.domain.corporate.user import Act, BankUser, Role

CONTRACT = ServiceContract(
    contractor_id="c1",
    status=ContractStatus.ACTIVE,
    services=frozenset(Service),
    is_base_active=True,
)
PLAIN = BankUser(
    contractor_id="c1",
    user_id="user01",
    user_code="Z001",
    name="架空 太郎",
    role=Role.USER,
    is_security_administrator=False,
    has_service_right=False,
    rights=frozenset(),
)
SECURITY = replace(PLAIN, is_security_administrator=True)
SERVICE = replace(PLAIN, has_service_right=True, rights=frozenset({Service.REFERENCE}))
CLIENT = Client(
    client_id="20000000",
    bank="web21",
    secret_hash=None,
    auth_method="client_secret_basic",
    security_profile="bank",
    provider_name="架空",
    registration_no="",
    terms_url="",
    redirect_uris=(),
    scopes=(),
    functions=(),
    contractor_kinds=("corporate",),
    pkce="optional",
    auto_manual_mode="auto",
    status="issued",
)
READY = replace(CLIENT, status="active")
START = Progress(contract=None, users=(PLAIN,), client=None, live_grants=0)
STAGES = [
    (START, Step.CONTRACT),
    (replace(START, contract=CONTRACT), Step.SECURITY_ADMINISTRATOR),
    (replace(START, contract=CONTRACT, users=(SECURITY,)), Step.RIGHTS),
    (replace(START, contract=CONTRACT, users=(SECURITY, SERVICE)), Step.CLIENT),
    (
        Progress(contract=CONTRACT, users=(SECURITY, SERVICE), client=CLIENT, live_grants=0),
        Step.WEB_SERVER,
    ),
    (
        Progress(contract=CONTRACT, users=(SECURITY, SERVICE), client=READY, live_grants=0),
        Step.CONSENT,
    ),
    (Progress(contract=CONTRACT, users=(SECURITY, SERVICE), client=READY, live_grants=1), None),
]


@pytest.mark.parametrize(("progress", "step"), STAGES)
def test_each_stage_has_its_next_step(progress, step):
    assert progress.next_step is step
    assert [each for each in Step if not progress.is_done(each)][:1] == ([step] if step else [])


@pytest.mark.parametrize(
    "contract",
    [
        replace(CONTRACT, is_base_active=False),
        *(replace(CONTRACT, status=s) for s in ContractStatus if s is not ContractStatus.ACTIVE),
    ],
)
def test_without_a_contract_in_force_nothing_else_is_next(contract):
    done = STAGES[-1][0]
    assert replace(done, contract=contract).next_step is Step.CONTRACT


@pytest.mark.parametrize(
    "user",
    [
        replace(SERVICE, rights=frozenset()),
        replace(SERVICE, has_service_right=False),
        replace(SERVICE, role=Role.ADMIN),
    ],
)
def test_rights_count_only_with_the_service_right_and_of_a_plain_user(user):
    progress = replace(STAGES[3][0], users=(SECURITY, user))
    assert progress.next_step is Step.RIGHTS


def test_each_step_but_the_banks_is_somebodys_act():
    assert [step for step, act in TAKEN_BY.items() if act is None] == [Step.CONTRACT]
    assert set(TAKEN_BY) == set(Step)
    assert TAKEN_BY[Step.WEB_SERVER] is Act.REGISTER_CLIENT


def test_rights_once_given_outlast_whoever_gave_them():
    progress = replace(STAGES[3][0], users=(SERVICE,))
    assert progress.next_step is Step.CLIENT
    assert replace(progress, users=(PLAIN,)).next_step is Step.SECURITY_ADMINISTRATOR
