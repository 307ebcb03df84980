"""The contractor's pages: the start page says what is next, and whose turn it is."""

import re

import pytest

from tests.desk import DESK, Orders, visiting
from tests.direct import Direct

# By persona: what the page says, and where its button leads (None: nothing for this user to do).
STAGES = {
    "kigyou_admin": ("セキュリティ管理者を1名以上指定してください", "/users"),
    "kigyou_maker": ("セキュリティ管理者を指定するのを待っています", None),
    "kensetsu_security": ("サービス利用権限と各権限を付けてください", "/users"),
    "kensetsu_admin": ("利用権限を設定するのを待っています", None),
    "unyu_maker": ("クライアントIDと暗号化キーの発行を受けてください", "/client"),
    "unyu_security": ("クライアントIDの発行を受けるのを待っています", None),
    "denki_maker": ("クライアントパスワードとWebサーバーのURLを登録してください", "/client"),
    "shoji_maker": ("契約者Webサーバーから連携を始め", None),
    "shoji_outsider": ("アクセス許可をするのを待っています", None),
    "foods_maker": ("当行の手続きが終わるまで", None),
    "insatsu_admin": ("お申込をお受けできませんでした", None),
    "hyakka_admin": ("お申込がまだありません", None),
}
STATES = {
    "shoji_maker": ("契約中", "更新：振込依頼の承認（④）", "エキスパート", "本店 普通預金 1000001"),
    "kogyo_boss": ("契約中", "ダブル承認（2名）", "ライト", "給与振込"),
    "logi_maker": ("契約中", "配送費の支払", "デビュー", "シングル承認（1名）"),
    "foods_maker": ("申込中", "残高照会", "ライト", "自社サーバーからの直接接続"),
    "insatsu_admin": ("お断り", "残高照会", "ライト", "書面で再度お申し込み"),
    "hyakka_admin": (
        "申込なし",
        "0000000000000000AG0000000001A011",
        "定期預金",
        "書面でお取引店に",
    ),
}


@pytest.mark.parametrize("persona", STAGES)
async def test_each_stage_says_what_is_next_and_for_whom(running, persona):
    said, place = STAGES[persona]
    async with visiting(running, persona) as visitor:
        text = visitor.page.text
    assert said in text
    assert re.findall(r'class="desk-button" href="([^"]+)"', text) == (
        [] if place is None else [f"{DESK}{place}"]
    )
    assert text.count('aria-current="step"') == 1


async def test_once_all_is_done_nothing_is_next(running):
    await Direct(running).log_in("shoji_maker")
    async with visiting(running, "shoji_viewer") as visitor:
        assert "利用開始の手続きはすべて済んでいます" in visitor.page.text
        assert 'aria-current="step"' not in visitor.page.text


@pytest.mark.requirement("W-24", "W-25", "W-26")
@pytest.mark.parametrize("persona", STATES)
async def test_the_contract_is_shown_as_it_stands(running, persona):
    async with visiting(running, persona) as visitor:
        text = (await visitor.open("/contract")).text
    for said in STATES[persona]:
        assert said in text


async def test_a_contract_that_was_terminated_says_so(running):
    corporate = running.sandbox.bank("web21").corporate
    await corporate.terminate("0000000000000000AG0000000001A002")
    async with visiting(running, "logi_maker") as visitor:
        assert "契約は解約されています" in visitor.page.text
        assert "解約済み" in (await visitor.open("/contract")).text


async def test_a_parent_sees_its_children_and_a_frozen_account(running):
    async with running.sandbox.world.database.transaction() as db:
        await db.execute("UPDATE account SET state = 'frozen' WHERE account_number = '1000002'")
    async with visiting(running, "shoji_maker") as visitor:
        text = (await visitor.open("/contract")).text
    assert "サンプル物流株式会社" in text
    assert re.search(r"1000002 <span class=\"badge\">取引停止", text)


@pytest.mark.parametrize(
    ("persona", "said"),
    [
        ("shoji_checker", "承認を待つ振込依頼（2件）"),
        ("shoji_maker", "承認待ちの振込依頼の状況（2件）"),
        ("shoji_viewer", None),
    ],
)
async def test_requests_that_wait_are_counted_for_whom_they_concern(running, persona, said):
    orders = Orders(running)
    for _ in range(2):
        await orders.register()
    done = await orders.register()
    await orders.approve(done)
    async with visiting(running, persona) as visitor:
        assert ("件）" in visitor.page.text) is (said is not None)
        assert said is None or said in visitor.page.text
