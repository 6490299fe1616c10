"""How people come in, and set themselves up."""

from models import Person
from nachbarschaft.services.unsubscribing import unsubscribe_url
from tests.api.story.cast import ELSEWHERE, HERE, HOME, Cast
from tests.support.town import PASSWORD


def quarters(cast: Cast) -> None:
    for path in ("?limit=1", "/blumenthal", "/locate?lat=51.53&lon=7.156"):
        for kind in ("application/json", "application/geo+json"):
            cast.town.call("GET", f"/v1/quarters{path}", Accept=kind)
    cast.town.call("GET", "/v1/quarters/locate?lat=52.52&lon=13.405")
    cast.town.call("GET", "/v1/meta")


def signing_in(cast: Cast) -> None:
    town, login = cast.town, {"login": cast.friend.email, "password": PASSWORD}
    again = {"email": cast.friend.email, "password": PASSWORD, "name": "L", "quarter": "blumenthal", "language": "de"}
    town.call("POST", "/v1/auth/sign-up", again)
    session = town.call("POST", "/v1/auth/sign-in", login).json["session"]
    town.call("POST", "/v1/auth/sign-in", login | {"password": "not this one"})
    town.call("POST", "/v1/auth/refresh", {"refresh_token": session["refresh_token"]})


def account(cast: Cast) -> None:
    me = cast.resident
    tag = me.get("/v1/me").headers["ETag"]
    me.patch("/v1/me", {"home": HOME, "language": "de"}, If_Match=tag)
    me.patch("/v1/me", {"home": ELSEWHERE}, If_Match="*")
    me.get("/v1/me")
    me.put("/v1/me/preferences", {"quiet_from": "21:30", "quiet_until": "08:00", "channels": {"news": []}})
    me.get("/v1/me/preferences")
    phone = {"address": "<what FCM gave the app>", "kind": "token", "platform": "android", "language": "de"}
    for version in ("1.0.0", "1.0.1"):
        me.put("/v1/me/devices/irmgards-phone", phone | {"app_version": version})
    me.get("/v1/me/sessions")
    me.post("/v1/me/password", {"old": "not this one", "new": PASSWORD})
    me.post("/v1/me/password", {"old": PASSWORD, "new": PASSWORD + "!"})


def second_factor(cast: Cast) -> None:
    """The coordinator's own; a resident may have one too, and a wrong number is wrong for everybody."""
    cast.coordinator.get(f"{HERE}/members")
    cast.coordinator.set_up_second_factor()
    cast.coordinator.post("/v1/me/totp")
    cast.friend.post("/v1/me/totp")
    for _ in range(11):
        cast.friend.post("/v1/me/totp/confirm", {"otp": "000000"})
    cast.friend.delete("/v1/me/totp")
    login = {"login": cast.coordinator.email, "password": PASSWORD}
    cast.town.call("POST", "/v1/auth/sign-in", login)


def inbox(cast: Cast) -> None:
    entry = cast.resident.get("/v1/me/notifications").json["items"][0]
    cast.resident.get(f"/v1/me/notifications/{entry['id']}")
    cast.resident.post(f"/v1/me/notifications/{entry['id']}/read")


def mails(cast: Cast) -> None:
    """A code for a forgotten password and a new e-mail address; and no more mails, from a mail program."""
    me = cast.friend
    cast.town.call("POST", "/v1/auth/codes", {"login": me.email})
    me.patch("/v1/me", {"email": "samira.haddad@example.org"}, If_Match="*")
    with cast.town.wiring.reading() as context:
        path = unsubscribe_url("", context.session.get_one(Person, me.uuid))
    cast.town.call("GET", path)
    cast.town.raw("POST", path, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    me.put("/v1/me/preferences", {"channels": {"asked": ["push", "mail"], "news": ["mail"]}})
