"""Who calls in the soak: the clients, the people that consent to them, and where."""

from dataclasses import dataclass

from tests import direct, support


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    bank: str
    client_id: str
    personas: tuple[str, ...]
    scope: str

    @property
    def base(self) -> str:
        return support.BASE if self.bank == "tomato" else direct.BASE

    @property
    def credentials(self) -> dict[str, str]:
        own = self.bank == "tomato"
        return support.basic(self.client_id) if own else direct.credentials(self.client_id)


SHOJI = direct.CLIENTS[direct.SHOJI]
READER = Role(
    "reader",
    "tomato",
    support.AGGREGATOR,
    ("taro", "hanako", "soleprop", "longname", "oddname", "shoji"),
    "accounts",
)
WATCHER = Role("watcher", "web21", SHOJI, ("shoji_viewer", "shoji_maker"), "web21.ref")
MAKER = Role("maker", "web21", SHOJI, ("shoji_maker",), "web21.upd")
CHECKER = Role("checker", "web21", SHOJI, ("shoji_checker2",), "web21.appr")
ROLES = {role.name: role for role in (READER, WATCHER, MAKER, CHECKER)}
