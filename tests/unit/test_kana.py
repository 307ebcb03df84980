"""Half-width kana: what each class of field takes, and what a conversion changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain import kana
from sandbox.domain.kana import (
    LEGAL_FORMS,
    Change,
    ChangeKind,
    Kana,
    TextClass,
    convert,
    corporate_name,
    is_wire_kana,
    to_half_width_kana,
    truncate,
    wire_characters,
)

KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Symbols, letters and ｦ that each class takes beside kana, digits and space.
TAKES = {
    TextClass.BANK_NAME: LETTERS + "-",
    TextClass.PARTY_NAME: LETTERS + "()-.",
    TextClass.PAYROLL_NAME: "",
    TextClass.EDI: LETTERS + "ｦ\\｢｣()-/.",
    TextClass.ABSTRACT: LETTERS + "ｦ\\｢｣()-/.",
}
CONVERTED = {
    "": "",
    "カクウ　タロウ": "ｶｸｳ ﾀﾛｳ",
    "みほん はなこ": "ﾐﾎﾝ ﾊﾅｺ",
    "ガギグゲゴ": "ｶﾞｷﾞｸﾞｹﾞｺﾞ",
    "ぱぴぷぺぽ": "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ",
    "ヴ": "ｳﾞ",
    "か\u3099": "ｶﾞ",
    "ｶ\u3099ｶ゛": "ｶﾞｶﾞ",
    "ァィゥェォッャュョ": "ｱｲｳｴｵﾂﾔﾕﾖ",
    "ぁぃぅぇぉっゃゅょ": "ｱｲｳｴｵﾂﾔﾕﾖ",
    "ｧｨｩｪｫｯｬｭｮ": "ｱｲｳｴｵﾂﾔﾕﾖ",
    "ヮヵヶゎ": "ﾜｶｹﾜ",
    "カード": "ｶ-ﾄﾞ",
    "ｶｰﾄﾞ": "ｶ-ﾄﾞ",
    "ＡＴＭ１２３": "ATM123",
    "atm": "ATM",
    "（カ）サンプル": "(ｶ)ｻﾝﾌﾟﾙ",
    "ヲ": "ｦ",
    "ヰヱ": "ｲｴ",
    "ア・イ": "ｱ.ｲ",
    "ア、イ。": "ｱ ｲ.",
    "０１－２３−４": "01-23-4",
    "￥１００": "\\100",
    "「テスト」": "｢ﾃｽﾄ｣",
    "電気料 デンキ": " ﾃﾞﾝｷ",
    "ア゛": "ｱ",
    "ガ゛": "ｶﾞ",
    "゜ア": "ｱ",
    "カ゜": "ｶ",
    "＆!?é🏦": "",
}


@pytest.mark.parametrize("text_class", TextClass)
def test_a_class_takes_exactly_its_characters(text_class: TextClass) -> None:
    every_single_byte = [chr(code) for code in [*range(0x20, 0x7F), *range(0xFF61, 0xFFA0)]]
    taken = {character for character in every_single_byte if is_wire_kana(character, text_class)}
    assert taken == set(KANA + "0123456789 " + TAKES[text_class])
    assert wire_characters(text_class) == taken | {"ﾞ", "ﾟ"}


def test_a_voicing_mark_follows_only_a_kana_that_can_take_it() -> None:
    voiced = {base for base in KANA if is_wire_kana(base + "ﾞ")}
    semi_voiced = {base for base in KANA if is_wire_kana(base + "ﾟ")}
    assert voiced == set("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ")
    assert semi_voiced == set("ﾊﾋﾌﾍﾎ")
    assert not is_wire_kana("ｶﾞﾞ")
    assert not is_wire_kana("ｱ ﾞ")


@pytest.mark.parametrize(("text", "expected"), CONVERTED.items())
def test_a_text_is_narrowed(text: str, expected: str) -> None:
    assert to_half_width_kana(text) == expected


def test_the_changes_are_reported_in_the_order_of_the_text() -> None:
    assert convert("ｱキャｰａ架Ａ") == Kana(
        text="ｱｷﾔ-AA",
        changes=(
            Change(kind=ChangeKind.WIDTH, before="キ", after="ｷ"),
            Change(kind=ChangeKind.SMALL_KANA, before="ャ", after="ﾔ"),
            Change(kind=ChangeKind.LONG_VOWEL, before="ｰ", after="-"),
            Change(kind=ChangeKind.CASE, before="ａ", after="A"),
            Change(kind=ChangeKind.DROPPED, before="架", after=""),
            Change(kind=ChangeKind.WIDTH, before="Ａ", after="A"),
        ),
    )


def test_what_is_lost_can_be_asked_for() -> None:
    assert convert("架空 タロウ").dropped == "架空"
    assert convert("タロウ").dropped == ""


def test_a_name_has_no_wo_unless_the_profile_admits_it() -> None:
    assert to_half_width_kana("ヲ", TextClass.PARTY_NAME) == "ｵ"
    assert convert("ヲ", TextClass.PARTY_NAME, wo_in_names=True).text == "ｦ"
    assert corporate_name("ヲ", wo_in_names=True).text == "ｦ"
    assert not is_wire_kana("ｦ", TextClass.PARTY_NAME)
    assert is_wire_kana("ｦ", TextClass.PARTY_NAME, wo_in_names=True)


def test_a_payroll_name_loses_its_long_vowel() -> None:
    assert convert("タロー", TextClass.PAYROLL_NAME).dropped == "ー"


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("ｶﾞｷﾞ", 4, "ｶﾞｷﾞ"),
        ("ｶﾞｷﾞ", 3, "ｶﾞ"),
        ("ｶﾞｷﾞ", 2, "ｶﾞ"),
        ("ｶﾞｷﾞ", 1, ""),
        ("ｶﾞｷﾞ", 0, ""),
        ("ﾊﾟｱ", 1, ""),
        ("ｱｲｳ", 2, "ｱｲ"),
        ("ｱｲｳ", 9, "ｱｲｳ"),
    ],
)
def test_a_cut_never_parts_a_kana_from_its_mark(text: str, length: int, expected: str) -> None:
    assert truncate(text, length) == expected


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 characters"):
        truncate("ｱ", -1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("サンプルショウジ株式会社", "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"),
        ("株式会社サンプルショウジ", "ｶ)ｻﾝﾌﾟﾙｼﾖｳｼﾞ"),
        ("㈱ サンプル", "ｶ)ｻﾝﾌﾟﾙ"),
        ("サンプル（株）", "ｻﾝﾌﾟﾙ(ｶ"),
        ("サンプル(有)オオサカシテン", "ｻﾝﾌﾟﾙ(ﾕ)ｵｵｻｶｼﾃﾝ"),
        ("一般社団法人ミホン", "ｼﾔ)ﾐﾎﾝ"),
        ("医療法人社団ミホンカイ", "ｲ)ﾐﾎﾝｶｲ"),
        ("地方独立行政法人カクウ", "ﾁﾄﾞｸ)ｶｸｳ"),
        ("カクウ タロウ", "ｶｸｳ ﾀﾛｳ"),
        ("株式会社ﾞカ", "ｶ)ｶ"),
    ],
)
def test_a_legal_form_is_abbreviated_where_it_stands(name: str, expected: str) -> None:
    assert corporate_name(name).text == expected


@pytest.mark.parametrize("form", LEGAL_FORMS)
def test_every_legal_form_fits_on_the_wire_on_either_side(form: str) -> None:
    for name in (form + "ミホン", "ミホン" + form, f"ミホン{form}シテン"):
        written = corporate_name(name)
        assert is_wire_kana(written.text, TextClass.PARTY_NAME)
        assert LEGAL_FORMS[form] in written.text
        assert not written.dropped
        assert [c.before for c in written.changes if c.kind is ChangeKind.LEGAL_FORM] == [form]


# Listed, because Hypothesis takes a second to build its own table of Unicode.
japanese = st.text(
    st.sampled_from(
        [chr(code) for code in [*range(0x20, 0x7F), *range(0x3000, 0x3100), *range(0xFF00, 0xFFE7)]]
        + list("é\u0301株🏦\x00\ud800")
    ),
    max_size=24,
)


@settings(max_examples=60, deadline=None)
@given(japanese, st.sampled_from(TextClass))
def test_whatever_goes_in_fits_on_the_wire_and_stays_as_it_is(
    text: str, text_class: TextClass
) -> None:
    once = convert(text, text_class)
    assert is_wire_kana(once.text, text_class)
    assert convert(once.text, text_class) == Kana(text=once.text, changes=())
    assert len(once.text.encode("cp932")) == len(once.text)


@settings(max_examples=60, deadline=None)
@given(japanese, st.integers(0, 30))
def test_a_cut_text_still_fits_on_the_wire(text: str, length: int) -> None:
    whole = to_half_width_kana(text)
    cut = truncate(whole, length)
    assert is_wire_kana(cut)
    assert whole.startswith(cut)
    assert len(cut) >= min(length, len(whole)) - 1


def test_every_kana_of_the_wire_has_a_full_width_form_that_leads_to_it() -> None:
    full = (
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
    )
    assert to_half_width_kana(full) == kana.LARGE_KANA
