"""Who somebody is: forged tokens open nothing, sessions end at once, refresh tokens are good once."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from api.app import create_app
from models import Person
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.config import read_settings
from nachbarschaft.services.codes import issue_code
from nachbarschaft.services.people import Appointment, appoint
from tests.api.forging import forged, token
from tests.api.raw import assert_problem, send
from tests.support.town import DATA_KEY, JWT_KEY, PASSWORD, Neighbour, Reply, Town

OTHER_PASSWORD = "ganz andere vier Wörter"
NEW_KEY = "new:" + "n" * 40


def refresh(town: Town, refresh_token: str) -> Reply:
    return town.call("POST", "/v1/auth/refresh", {"refresh_token": refresh_token})


def sign_in(town: Town, login: str, password: str = PASSWORD) -> Reply:
    return town.call("POST", "/v1/auth/sign-in", {"login": login, "password": password})


def redeem(town: Town, code: str, password: str = OTHER_PASSWORD, **more: Any) -> Reply:
    return town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": password} | more)


def code_for(town: Town, neighbour: Neighbour) -> str:
    with town.wiring.writing() as context:
        return issue_code(context, neighbour.uuid, "operator")


def works(town: Town, access_token: str) -> bool:
    reply = town.call("GET", "/v1/me", token=access_token)
    assert reply.status_code in {200, 401}, reply.text
    return reply.status_code == 200


def with_keys(town: Town, keys: str) -> None:
    """Restarts the application with other keys on the same database."""
    env = {
        "NACHBARSCHAFT_DATABASE_URL": town.wiring.settings.database_url,
        "NACHBARSCHAFT_JWT_KEYS": keys,
        "NACHBARSCHAFT_DATA_KEYS": DATA_KEY,
    }
    town.app = create_app(Wiring(read_settings(env), town.wiring.database, town.clock))


def test_no_forged_token_opens_anything(small_town: Town) -> None:
    owner, other = small_town.neighbour(), small_town.neighbour()
    assert works(small_town, token(owner)), "the forger can write a good one"
    corpus = forged(owner, other)

    assert len(corpus) > 70
    for what, bad in corpus.items():
        header = [("Authorization", f"Bearer {bad}".encode().decode("latin-1"))]
        for method, path in (("GET", "/v1/me"), ("POST", "/v1/auth/sign-out")):
            reply = send(small_town, method, path, headers=header)
            assert reply.status_code == 401, what
            assert_problem(reply, 401, "unauthenticated")
    assert works(small_town, owner.token)


def test_the_token_comes_in_one_header_in_one_way(small_town: Town) -> None:
    good = small_town.neighbour().token
    for headers in (
        [],
        [("Authorization", "")],
        [("Authorization", good)],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", f"Bearer  {good}")],
        [("Authorization", f"Bearer {good} {good}")],
        [("Authorization", f"Bearer {good}, Bearer {good}")],
        [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")],
        [("Authorization", f"Basic {good}")],
        [("Authorization", f"JWT {good}")],
        [("Authorization", f"Token {good}")],
        [("Authorization", f"Bearer: {good}")],
        [("Authorization", f'Bearer "{good}"')],
        [("Authorization", f"Bearer\t{good}")],
        [("X-Authorization", f"Bearer {good}")],
        [("Proxy-Authorization", f"Bearer {good}")],
        [("Cookie", f"access_token_cookie={good}; session={good}; Authorization=Bearer {good}")],
    ):
        assert_problem(send(small_town, "GET", "/v1/me", headers=headers), 401, "unauthenticated")
    assert_problem(send(small_town, "GET", f"/v1/me?access_token={good}&jwt={good}"), 401, "unauthenticated")
    in_the_body = f'{{"access_token": "{good}"}}'.encode()
    assert_problem(send(small_town, "POST", "/v1/auth/sign-out", in_the_body), 401, "unauthenticated")
    assert send(small_town, "GET", "/v1/me", headers=[("authorization", f"bearer {good}")]).status_code == 200


def test_a_token_says_who_and_for_which_session_and_nothing_else(small_town: Town) -> None:
    neighbour = small_town.volunteer()
    claims = jwt.decode(neighbour.token, options={"verify_signature": False})
    header = jwt.get_unverified_header(neighbour.token)

    assert claims.keys() - {"fresh"} == {"sub", "sid", "type", "jti", "iat", "nbf", "exp", "iss", "aud"}
    assert (claims["sub"], claims["sid"]) == (neighbour.id, neighbour.session["session_id"])
    assert claims["exp"] - claims["iat"] == neighbour.session["expires_in"] == 900
    assert abs(claims["iat"] - time.time()) < 60
    assert header == {"alg": "HS256", "typ": "JWT", "kid": "test"}
    assert neighbour.session["token_type"] == "Bearer"


def test_an_older_key_still_verifies_and_the_first_one_signs(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    with_keys(small_town, f"{NEW_KEY},{JWT_KEY}")

    renewed = sign_in(small_town, neighbour.email).json["session"]["access_token"]

    assert works(small_town, neighbour.token)
    assert works(small_town, renewed)
    assert jwt.get_unverified_header(renewed)["kid"] == "new"
    with_keys(small_town, NEW_KEY)
    assert not works(small_town, neighbour.token)
    assert works(small_town, renewed)


def test_a_key_does_not_verify_under_another_ones_name(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    with_keys(small_town, f"{NEW_KEY},{JWT_KEY}")

    assert not works(small_town, token(neighbour, header={"kid": "new"}))


def test_a_refresh_token_is_replaced_each_time(town: Town) -> None:
    neighbour = town.neighbour()
    seen = [neighbour.session["refresh_token"]]
    for _ in range(3):
        town.clock.forward(minutes=10)
        reply = refresh(town, seen[-1])
        assert reply.status_code == 200, reply.text
        assert reply.json["session"]["session_id"] == neighbour.session["session_id"]
        assert works(town, reply.json["session"]["access_token"])
        seen.append(reply.json["session"]["refresh_token"])

    assert len(set(seen)) == 4
    assert works(town, neighbour.token), "an access token lives on until it expires or its session ends"


def test_a_lost_answer_may_be_asked_for_again_within_a_minute(small_town: Town) -> None:
    first = small_town.neighbour().session["refresh_token"]
    lost = refresh(small_town, first).json["session"]["refresh_token"]

    for _ in range(3):
        small_town.clock.forward(seconds=20)
        assert refresh(small_town, first).json["session"]["refresh_token"] == lost

    small_town.clock.forward(days=1)
    assert refresh(small_town, lost).status_code == 200


def assert_family_ended(town: Town, neighbour: Neighbour, reused: Reply, *refresh_tokens: str) -> None:
    assert_problem(reused, 401, "unauthenticated")
    assert not works(town, neighbour.token), "its access tokens are 401 at the next request"
    for known in refresh_tokens:
        assert_problem(refresh(town, known), 401, "unauthenticated")


def test_a_replaced_refresh_token_is_a_theft_after_a_minute(town: Town) -> None:
    neighbour = town.neighbour()
    elsewhere = sign_in(town, neighbour.email).json["session"]
    first = neighbour.session["refresh_token"]
    second = refresh(town, first).json["session"]["refresh_token"]
    town.clock.forward(seconds=61)

    assert_family_ended(town, neighbour, refresh(town, first), first, second)
    assert works(town, elsewhere["access_token"]), "another device is another family"


def test_a_replaced_refresh_token_is_a_theft_once_its_successor_was_used(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    first = neighbour.session["refresh_token"]
    second = refresh(small_town, first).json["session"]["refresh_token"]
    third = refresh(small_town, second).json["session"]["refresh_token"]

    assert_family_ended(small_town, neighbour, refresh(small_town, first), first, second, third)


def test_a_grandparent_is_a_theft_though_its_child_is_just_replaced(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    first = neighbour.session["refresh_token"]
    second = refresh(small_town, first).json["session"]["refresh_token"]
    third = refresh(small_town, second).json["session"]["refresh_token"]
    assert refresh(small_town, second).json["session"]["refresh_token"] == third

    assert_family_ended(small_town, neighbour, refresh(small_town, first), third)


def test_what_is_no_refresh_token_refreshes_nothing(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for bad in ("x", neighbour.token[:200], neighbour.session["refresh_token"][:-1], neighbour.id, " ", "Bärer", "'"):
        assert_problem(refresh(small_town, bad), 401, "unauthenticated")
    assert works(small_town, neighbour.token)


def test_a_session_ends_when_it_was_idle_for_long_or_is_a_year_old(small_town: Town) -> None:
    idle, busy = small_town.neighbour(), small_town.neighbour()
    newest = busy.session["refresh_token"]
    for _ in range(8):
        small_town.clock.forward(days=45)
        newest = refresh(small_town, newest).json["session"]["refresh_token"]
    assert_problem(refresh(small_town, idle.session["refresh_token"]), 401, "unauthenticated")
    assert not works(small_town, idle.token)
    assert works(small_town, busy.token)

    small_town.clock.forward(days=6)

    assert_problem(refresh(small_town, newest), 401, "unauthenticated")
    assert not works(small_town, busy.token)


def test_after_signing_out_the_next_request_is_refused(town: Town) -> None:
    neighbour = town.neighbour()
    elsewhere = sign_in(town, neighbour.email).json["session"]

    assert neighbour.post("/v1/auth/sign-out").status_code == 204

    assert not works(town, neighbour.token)
    assert_problem(refresh(town, neighbour.session["refresh_token"]), 401, "unauthenticated")
    assert_problem(neighbour.post("/v1/auth/sign-out"), 401, "unauthenticated")
    assert works(town, elsewhere["access_token"])


def test_whoever_is_suspended_is_refused_at_the_next_request(town: Town) -> None:
    neighbour = town.neighbour()
    code = code_for(town, neighbour)
    town.change_person(neighbour, suspended_at=town.clock.now())

    assert not works(town, neighbour.token)
    assert_problem(refresh(town, neighbour.session["refresh_token"]), 401, "unauthenticated")
    assert_problem(sign_in(town, neighbour.email), 401, "wrong_credentials")
    assert_problem(redeem(town, code), 401, "wrong_code")

    town.change_person(neighbour, suspended_at=None)
    assert works(town, neighbour.token)
    assert refresh(town, neighbour.session["refresh_token"]).status_code == 200


def test_an_appointment_works_at_the_next_request_with_the_same_token(town: Town) -> None:
    neighbour, requester = town.neighbour(), town.neighbour()
    request = requester.ask()
    path = f"/v1/requests/{request['id']}"
    assert_problem(neighbour.get(path), 404, "not_found")

    with town.wiring.writing() as context:
        appoint(context, Appointment(neighbour.email, "X", None, ["blumenthal"], is_admin=False))

    assert_problem(neighbour.get(path), 403, "second_factor_required")
    neighbour.set_up_second_factor()
    assert neighbour.get(path).status_code == 200
    me = neighbour.get("/v1/me").json
    assert (me["roles"], me["coordinates"]) == (["resident", "coordinator"], ["blumenthal"])


def test_signing_up_counts_as_signing_in(small_town: Town) -> None:
    neighbour = small_town.neighbour(name="  Käthe \n", email="Kaethe@Example.ORG", notice_version="2026-01")

    assert neighbour.person == neighbour.get("/v1/me").json
    assert neighbour.person | {"id": "", "quarter": ""} == {
        "id": "",
        "name": "Käthe",
        "email": "kaethe@example.org",
        "pending_email": None,
        "phone": None,
        "language": "de",
        "quarter": "",
        "home": None,
        "roles": ["resident"],
        "coordinates": [],
        "verification": "new",
        "protected_address": False,
        "second_factor": False,
        "available_until": None,
    }


def test_an_address_signs_up_once_however_it_is_spelled(town: Town) -> None:
    town.neighbour(email="kaethe@example.org")
    body = {"password": PASSWORD, "name": "K", "quarter": "blumenthal", "language": "de"}

    for email in ("kaethe@example.org", "KAETHE@EXAMPLE.ORG", "Kaethe@example.Org"):
        assert_problem(town.call("POST", "/v1/auth/sign-up", body | {"email": email}), 409, "login_taken")
    assert sign_in(town, " KAETHE@example.org ").status_code == 200


def test_signing_up_somewhere_unknown_or_badly_is_refused_by_field(small_town: Town) -> None:
    good = {"email": "a@example.org", "password": PASSWORD, "name": "A", "quarter": "blumenthal", "language": "de"}
    wrong: dict[str, list[Any]] = {
        "email": [
            "",
            "a",
            "a@",
            "@example.org",
            "a@example",
            "a b@example.org",
            "a@example.org\n",
            "a" * 250 + "@b.de",
        ],
        "password": ["", "x" * 14, "x" * 257, 123456789012345],
        "name": ["", "   ", "x" * 101, "a\u0000b"],
        "quarter": ["", "nirgendwo", "Blumenthal"],
        "language": ["", "DE", "xx", "deutsch"],
        "notice_version": ["", 1],
    }
    for field, values in wrong.items():
        for value in values:
            reply = small_town.call("POST", "/v1/auth/sign-up", good | {field: value})
            assert reply.status_code == (400 if value == "a\u0000b" else 422), (field, value)
            assert reply.status_code == 400 or list(reply.json["errors"]) == [field], (field, value)


@pytest.mark.parametrize(
    "password", ["x" * 15, "ä" * 15, "Wörter und \N{HOUSE BUILDING} und mehr", " " * 15, "x" * 256]
)
def test_a_password_of_15_to_256_characters_is_taken_as_it_is(small_town: Town, password: str) -> None:
    neighbour = small_town.neighbour(password=password)

    assert sign_in(small_town, neighbour.email, password).status_code == 200
    for other in (password[:-1], password + "x", password.upper() if password.upper() != password else "y" * 15):
        assert sign_in(small_town, neighbour.email, other[:256]).status_code == (
            200 if other[:256] == password else 401
        )


def test_a_wrong_password_and_an_unknown_login_answer_with_the_same_bytes(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    nobody = small_town.neighbour()
    small_town.change_person(nobody, password_hash=None)
    replies = [
        sign_in(small_town, neighbour.email, OTHER_PASSWORD),
        sign_in(small_town, "unknown@example.org"),
        sign_in(small_town, "no address at all"),
        sign_in(small_town, nobody.email),
    ]

    for reply in replies:
        assert_problem(reply, 401, "wrong_credentials")
    texts = {reply.text.replace(reply.json["trace_id"], "") for reply in replies}
    headers = {tuple(sorted(reply.headers.items())) for reply in replies}
    assert len(texts) == len(headers) == 1
    assert len({reply.json["trace_id"] for reply in replies}) == len(replies)


def test_each_sign_in_is_a_session_of_its_own(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    first, second = (sign_in(small_town, neighbour.email).json for _ in range(2))

    assert first["person"] == second["person"] == neighbour.person
    assert len({first["session"]["session_id"], second["session"]["session_id"], neighbour.session["session_id"]}) == 3


def test_a_code_sets_a_password_once_and_ends_all_other_sessions(town: Town) -> None:
    neighbour = town.neighbour()
    code = code_for(town, neighbour)

    redeemed = redeem(town, code)

    assert redeemed.status_code == 200, redeemed.text
    assert redeemed.json["person"] == neighbour.person
    assert works(town, redeemed.json["session"]["access_token"])
    assert not works(town, neighbour.token)
    assert sign_in(town, neighbour.email).status_code == 401
    assert sign_in(town, neighbour.email, OTHER_PASSWORD).status_code == 200
    assert_problem(redeem(town, code), 401, "wrong_code")


def test_a_code_may_be_typed_in_any_way(small_town: Town) -> None:
    for spell in (str.lower, str.upper, lambda code: code.replace("-", ""), lambda code: f" {code.replace('-', ' ')} "):
        code = code_for(small_town, small_town.neighbour())
        assert redeem(small_town, spell(code)).status_code == 200, code


def test_a_code_stops_working_after_14_days_or_when_a_newer_one_is_issued(small_town: Town) -> None:
    neighbour, late = small_town.neighbour(), small_town.neighbour()
    older, newer = code_for(small_town, neighbour), code_for(small_town, neighbour)
    in_time, too_late = code_for(small_town, small_town.neighbour()), code_for(small_town, late)

    assert_problem(redeem(small_town, older), 401, "wrong_code")
    assert redeem(small_town, newer).status_code == 200
    small_town.clock.forward(days=14, seconds=-1)
    assert redeem(small_town, in_time).status_code == 200
    small_town.clock.forward(seconds=1)
    assert_problem(redeem(small_town, too_late), 401, "wrong_code")


def test_a_refused_redemption_leaves_the_code_good(small_town: Town) -> None:
    taken, newcomer = small_town.neighbour(), small_town.neighbour()
    small_town.change_person(newcomer, email=None)
    code = code_for(small_town, newcomer)

    for refused, status, where in (
        (redeem(small_town, code, "x" * 14), 422, "invalid"),
        (redeem(small_town, code), 422, "invalid"),
        (redeem(small_town, code, email="nonsense"), 422, "invalid"),
        (redeem(small_town, code, phone="12"), 422, "invalid"),
        (redeem(small_town, code, email=taken.email.upper()), 409, "login_taken"),
    ):
        assert_problem(refused, status, where)
    done = redeem(small_town, code, email="Newcomer@example.org", phone="02323 / 1234567")

    assert (done.json["person"]["email"], done.json["person"]["phone"]) == ("newcomer@example.org", "+4923231234567")
    assert sign_in(small_town, "newcomer@example.org", OTHER_PASSWORD).status_code == 200


def test_a_code_does_not_replace_a_login_that_is_there(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    code = code_for(small_town, neighbour)

    for login in ({"email": "other@example.org"}, {"phone": "02323 1234567"}):
        assert_problem(redeem(small_town, code, **login), 422, "invalid")

    assert redeem(small_town, code).json["person"] == neighbour.person


def test_what_is_no_code_is_wrong_like_any_other(small_town: Town) -> None:
    for bad in ("AAAA-BBBB-CCCC", "x", " ", "'; --", "ÄÖÜ", "-" * 40):
        assert_problem(redeem(small_town, bad), 401, "wrong_code")
    assert_problem(redeem(small_town, ""), 422, "invalid")
    assert_problem(redeem(small_town, "x" * 41), 422, "invalid")


def test_no_secret_is_stored_as_it_is(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    code = code_for(small_town, neighbour)
    newest = refresh(small_town, neighbour.session["refresh_token"]).json["session"]["refresh_token"]
    path = small_town.wiring.settings.state_dir / small_town.wiring.settings.database_url.rpartition("/")[2]
    stored = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))

    assert neighbour.email.encode() in stored
    for secret in (PASSWORD, code, code.replace("-", ""), neighbour.session["refresh_token"], newest, neighbour.token):
        assert secret.encode() not in stored
    with small_town.wiring.reading() as context:
        kept = context.session.get_one(Person, UUID(neighbour.id)).password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$")


def test_signing_in_again_opens_what_needs_a_fresh_sign_in(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    home = {"home": {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5"}}
    small_town.clock.forward(minutes=16)
    assert_problem(neighbour.patch("/v1/me", home, If_Match="*"), 403, "sign_in_again")

    refreshed = refresh(small_town, neighbour.session["refresh_token"]).json["session"]["access_token"]
    assert small_town.call("PATCH", "/v1/me", home, token=refreshed, If_Match="*").status_code == 403
    signed_in = sign_in(small_town, neighbour.email).json["session"]["access_token"]
    assert small_town.call("PATCH", "/v1/me", home, token=signed_in, If_Match="*").status_code == 200
    assert timedelta(minutes=15) < timedelta(minutes=16)
