"""Whoever sets a password has the account to themselves, whatever somebody else does at the same moment."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from models import OneTimeCode, SignInSession
from nachbarschaft.services.codes import NewLogin, issue_code, redeem_code
from tests.support.town import PASSWORD, Neighbour, Reply, Town

ROUNDS = 5
UNTIL_IT_WAITS = 0.5
"""Seconds; a call that does not wait for the other has been answered long before."""


def ask_new_email(thief: Neighbour) -> Reply:
    return thief.patch("/v1/me", {"email": "thief@example.net"}, If_Match="*")


def set_up_second_factor(thief: Neighbour) -> Reply:
    return thief.post("/v1/me/totp")


def sign_in(thief: Neighbour) -> Reply:
    return thief.town.call("POST", "/v1/auth/sign-in", {"login": thief.email, "password": PASSWORD})


@pytest.mark.parametrize("act", [ask_new_email, set_up_second_factor, sign_in])
def test_whoever_is_thrown_out_at_this_moment_leaves_no_way_in(town: Town, act: Callable[[Neighbour], Reply]) -> None:
    neighbour = town.neighbour()
    with ThreadPoolExecutor(1) as pool:
        with town.wiring.writing() as context:
            redeem_code(context, issue_code(context, neighbour.uuid, "operator"), NewLogin("a new hash"))
            context.session.flush()
            answer = pool.submit(act, neighbour)
            time.sleep(UNTIL_IT_WAITS)
        assert answer.result().status_code == 401

    with town.wiring.reading() as context:
        theirs = OneTimeCode.person_id == neighbour.uuid, OneTimeCode.used_at.is_(None)
        assert context.session.scalars(select(OneTimeCode).where(*theirs)).all() == []
        alive = SignInSession.person_id == neighbour.uuid, SignInSession.ended_at.is_(None)
        assert context.session.scalars(select(SignInSession).where(*alive)).all() == []


def test_of_two_codes_that_are_used_at_once_one_works_and_the_other_ends(town: Town) -> None:
    for _round in range(ROUNDS):
        neighbour, together = town.neighbour(), Barrier(2)
        with town.wiring.writing() as context:
            codes = [issue_code(context, neighbour.uuid, reason) for reason in ("operator", "letter")]

        def redeem(code: str, together: Barrier = together) -> int:
            together.wait()
            body = {"code": code, "password": PASSWORD}
            return town.call("POST", "/v1/auth/codes/redeem", body).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(redeem, codes)) == [200, 401]
