"""The table of conduct checks (faults §4), in its order."""

from sandbox.domain.conduct import consents, declared, reading, repeats, secrecy, tokens
from sandbox.domain.conduct.finding import Check, Level, Words

ERROR, WARNING = Level.ERROR, Level.WARNING

CHECKS: tuple[Check, ...] = (
    Check(
        id="C-1",
        level=ERROR,
        title=Words("拒否された呼び出しの繰り返し", "A refused request is repeated"),
        remedy=Words(
            "401・408・429 以外の 4xx は、内容を直すまで送り直さないでください。",
            "After a 4xx other than 401, 408 and 429, send nothing until the request is mended.",
        ),
        find=repeats.refused_again,
    ),
    Check(
        id="C-2",
        level=ERROR,
        title=Words("応答が失われた POST の再送", "A POST is repeated blindly"),
        remedy=Words(
            "依頼データ照会で登録の有無を確かめるか、最初から Idempotency-Key を付け、"
            "同じキーで再送してください。",
            "Ask whether it was done (the list of requests), or send an Idempotency-Key from the "
            "first time on and repeat under the same key.",
        ),
        find=repeats.blind_repeats,
    ),
    Check(
        id="C-3",
        level=ERROR,
        title=Words("二重振込", "More transfers than were wanted"),
        remedy=Words(
            "再送の前に照会し、アプリの取引番号と銀行の依頼を1対1で対応させてください。",
            "Ask before you repeat, and keep the app's own number with each request at the bank.",
        ),
        find=declared.doubled_transfers,
        needs="transfers",
    ),
    Check(
        id="C-4",
        level=ERROR,
        title=Words("冪等キーの誤用", "Idempotency keys are misused"),
        remedy=Words(
            "1つの依頼に1つのキーを作って保存し、再送でも同じキーを使い、期限後は使わないでください。",
            "Make one key per request, keep it, use it for repeats, and never after its lifetime.",
        ),
        find=repeats.careless_keys,
    ),
    Check(
        id="C-5",
        level=ERROR,
        title=Words("Retry-After より前の再呼び出し", "A call before Retry-After has passed"),
        remedy=Words(
            "Retry-After は秒数と日時の両方を読み、その時まで待ってください。",
            "Read Retry-After in both forms, seconds and date, and wait until then.",
        ),
        find=repeats.early_calls,
    ),
    Check(
        id="C-6",
        level=ERROR,
        title=Words("リフレッシュの集中", "Refresh storm"),
        remedy=Words(
            "許可ごとに1つのリフレッシュだけを行い、待っている処理はその結果を共有してください。",
            "Let one refresh run per grant, and give its result to all who wait.",
        ),
        find=tokens.refresh_storms,
    ),
    Check(
        id="C-7",
        level=ERROR,
        title=Words("リフレッシュトークンの競合・再使用", "A refresh token is used twice"),
        remedy=Words(
            "リフレッシュに排他制御を掛け、新しいトークンを保存してから古いものを捨ててください。",
            "Lock the refresh across workers, and store the new token before anything else.",
        ),
        find=tokens.racing_refreshes,
    ),
    Check(
        id="C-8",
        level=ERROR,
        title=Words("取り消し後の呼び出し", "Calls with a revoked token"),
        remedy=Words(
            "取り消しの 401 を受けたらトークンを捨て、利用者に再度の同意を求めてください。",
            "At the 401 of a revocation throw the token away and ask the user for consent again.",
        ),
        find=tokens.revoked_tokens,
    ),
    Check(
        id="C-9",
        level=WARNING,
        title=Words("使わないスコープの要求", "Scopes asked for and never used"),
        remedy=Words(
            "サービスに必要なスコープだけを求めてください (規定4条2項)。",
            "Ask only for the scopes that the service needs (terms, art. 4(2)).",
        ),
        find=consents.unused_scopes,
    ),
    Check(
        id="C-10",
        level=WARNING,
        title=Words("時間外・過度な照会", "Calls at closed hours, or too many"),
        remedy=Words(
            "案内された時間内に、利用者のいない更新は1日4回までを目安に照会してください。",
            "Call within the announced hours; without a person, update four times a day at most.",
        ),
        find=reading.untimely_calls,
    ),
    Check(
        id="C-11",
        level=ERROR,
        title=Words("URL 内の秘密情報", "Secrets in an address"),
        remedy=Words(
            "トークンは Authorization ヘッダー、パスワード等は本文で送り、Referrer-Policy を"
            "設定してください。漏れたものは取り消してください。",
            "Send tokens in the Authorization header and secrets in the body, set a "
            "Referrer-Policy, and revoke what has been shown.",
        ),
        find=secrecy.shown_secrets,
    ),
    Check(
        id="C-12",
        level=ERROR,
        title=Words("state の欠落・未検証", "state is missing or not checked"),
        remedy=Words(
            "毎回新しい state をセッションに結び付け、一致しないコールバックでは中止してください。",
            "Bind a fresh state to the browser's session, and stop where the callback's differs.",
        ),
        find=consents.unchecked_state,
    ),
    Check(
        id="C-13",
        level=WARNING,
        title=Words("弱い・使い回しの state", "A weak or reused state"),
        remedy=Words(
            "128ビット以上の乱数から16文字以上の state を毎回作ってください。",
            "Draw each state anew: 16 characters or more, from at least 128 random bits.",
        ),
        find=consents.weak_state,
    ),
    Check(
        id="C-14",
        level=WARNING,
        title=Words("PKCE の欠落・使い回し", "PKCE is missing or reused"),
        remedy=Words(
            "認可のたびに新しい code_verifier を作り、S256 の code_challenge を送ってください。",
            "Draw a code_verifier for each request, and send its S256 code_challenge.",
        ),
        find=consents.missing_pkce,
    ),
    Check(
        id="C-15",
        level=ERROR,
        title=Words("redirect_uri の不一致", "redirect_uri differs"),
        remedy=Words(
            "認可に使った redirect_uri を保存し、トークン請求でも同じものを送ってください。",
            "Keep the redirect_uri of the authorization request, and send the same one for tokens.",
        ),
        find=consents.other_redirect_uris,
    ),
    Check(
        id="C-16",
        level=ERROR,
        title=Words("次ページの見落とし・無限ループ", "Pages are ignored, or never end"),
        remedy=Words(
            "has_next が真なら続きを照会し、同じページが返ったら中止してください。",
            "While has_next is true ask for what follows, and stop where the same page comes back.",
        ),
        find=reading.unread_pages,
    ),
    Check(
        id="C-17",
        level=WARNING,
        title=Words("未知の項目による中断", "Broken by an unknown field"),
        remedy=Words(
            "知らない項目は読み飛ばしてください。最後の呼び出しだっただけなら問題ありません。",
            "Skip fields you do not know. If that was the last call anyway, all is well.",
        ),
        find=reading.broken_by_extra_field,
    ),
    Check(
        id="C-18",
        level=ERROR,
        title=Words("受付を支払済みと誤認", "Accepted is taken for paid"),
        remedy=Words(
            "受付済み・予約中は未払いです。処理済みになるまで支払済みと表示しないでください。",
            "Accepted and reserved are not paid: show a transfer as paid once it is settled.",
        ),
        find=declared.paid_too_early,
        needs="shown_as_paid",
    ),
    Check(
        id="C-19",
        level=WARNING,
        title=Words("時刻のずれに弱い", "A skew of a minute is not tolerated"),
        remedy=Words(
            "時刻の比較には±60秒の余裕を持たせてください。最後の呼び出しだっただけなら問題ありません。",
            "Allow ±60 s in every comparison of times. If that was the last call anyway, all is "
            "well.",
        ),
        find=reading.broken_by_skew,
    ),
    Check(
        id="C-20",
        level=ERROR,
        title=Words("解約口座・終了した許可への照会", "Calls for what has ended"),
        remedy=Words(
            "口座なし・許可終了の応答を記録し、定期処理から外してください。",
            "Note that the account or the grant is gone, and take it out of the schedule.",
        ),
        find=tokens.dead_ends,
    ),
    Check(
        id="C-21",
        level=ERROR,
        title=Words("承認用トークンの目的外使用", "An approval token goes astray"),
        remedy=Words(
            "承認用トークンは承認の操作だけに使い、依頼者と承認者を分けてください (規定2条2項④)。",
            "Use approval tokens for approval alone, and let another user approve than the one "
            "who files (terms, art. 2(2)).",
        ),
        find=secrecy.stray_approval_tokens,
    ),
    Check(
        id="C-22",
        level=WARNING,
        title=Words("コードを数値で送信", "Codes sent as numbers"),
        remedy=Words(
            "銀行・支店・口座番号などは文字列で送ってください。先頭の0が失われます。",
            "Send bank, branch and account numbers as strings, or their leading zeros are lost.",
        ),
        find=reading.numbers_for_codes,
    ),
    Check(
        id="C-23",
        level=WARNING,
        title=Words("日付・符号の取り違え", "Dates or signs are mixed up"),
        remedy=Words(
            "集計は勘定日で行い、入金を正、出金を負としてください。",
            "Add up by the transaction date, deposits as plus and withdrawals as minus.",
        ),
        find=declared.wrong_totals,
        needs="totals",
    ),
    Check(
        id="C-24",
        level=ERROR,
        title=Words("証明書の検証なし", "Certificates are not checked"),
        remedy=Words(
            "証明書とホスト名の検証を有効にし、検証を切る設定を除いてください。",
            "Switch the check of certificate and host on, wherever it was switched off.",
        ),
        find=secrecy.unchecked_certificates,
        needs="tls_drill",
    ),
    Check(
        id="C-25",
        level=WARNING,
        title=Words("許可の残し忘れ", "Grants are left behind"),
        remedy=Words(
            "再試行の前に、使わない許可を取り消すか、届いたコードを交換してください。",
            "Before another try, revoke the grant that is not used, or exchange its code.",
        ),
        find=consents.forgotten_grants,
    ),
)

# Those that say nothing unless a scenario declares something of the app.
OF_DECLARED = tuple(
    check.id for check in CHECKS if check.needs in ("transfers", "shown_as_paid", "totals")
)
