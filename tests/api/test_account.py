"""My sessions, my password and my tasks."""

from tests.support.town import PASSWORD, Neighbour, Town

NEW = "ganz andere deutsche Wörter"


def sign_in_again(town: Town, neighbour: Neighbour, password: str = PASSWORD) -> Neighbour:
    answer = town.call("POST", "/v1/auth/sign-in", {"login": neighbour.email, "password": password})
    assert answer.status_code == 200, answer.text
    return Neighbour(town, answer.json["person"], answer.json["session"], neighbour.email)


def test_sessions_are_listed_one_per_device_and_end_one_by_one(small_town: Town) -> None:
    phone = small_town.neighbour()
    tablet = sign_in_again(small_town, phone)

    items = phone.get("/v1/me/sessions").json["items"]
    assert {item["id"]: item["current"] for item in items} == {
        phone.session["session_id"]: True,
        tablet.session["session_id"]: False,
    }
    assert phone.delete(f"/v1/me/sessions/{tablet.session['session_id']}").status_code == 204

    assert tablet.get("/v1/me").status_code == 401
    assert len(phone.get("/v1/me/sessions").json["items"]) == 1


def test_nobody_ends_somebody_elses_session(small_town: Town) -> None:
    first, second = small_town.neighbour(), small_town.neighbour()

    assert first.delete(f"/v1/me/sessions/{second.session['session_id']}").status_code == 404
    assert second.get("/v1/me").status_code == 200


def test_a_new_password_signs_the_other_devices_out(small_town: Town) -> None:
    phone = small_town.neighbour()
    tablet = sign_in_again(small_town, phone)

    wrong = phone.post("/v1/me/password", {"old": "not the password at all", "new": NEW})
    assert (wrong.status_code, wrong.json["code"]) == (403, "wrong_password")
    assert phone.post("/v1/me/password", {"old": PASSWORD, "new": "short"}).status_code == 422
    assert phone.post("/v1/me/password", {"old": PASSWORD, "new": NEW}).status_code == 204

    assert phone.get("/v1/me").status_code == 200
    assert tablet.get("/v1/me").status_code == 401
    old = small_town.call("POST", "/v1/auth/sign-in", {"login": phone.email, "password": PASSWORD})
    assert old.status_code == 401
    sign_in_again(small_town, phone, NEW)


def test_my_tasks_show_each_request_as_i_may_see_it(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    kept, given_back = requester.ask(), requester.ask()
    volunteer.act(kept, "accept")
    volunteer.act(given_back, "accept")
    volunteer.act(given_back, "withdraw")

    tasks = volunteer.get("/v1/me/tasks").json["items"]

    assert {(task["request"]["id"], task["state"]) for task in tasks} == {
        (kept["id"], "active"),
        (given_back["id"], "withdrawn"),
    }
    by_id = {task["request"]["id"]: task["request"] for task in tasks}
    assert by_id[kept["id"]]["code_word"] == kept["code_word"]
    assert "code_word" not in by_id[given_back["id"]]
    active = volunteer.get("/v1/me/tasks?state=active").json["items"]
    assert [task["request"]["id"] for task in active] == [kept["id"]]
    assert volunteer.get("/v1/me/tasks?state=nonsense").status_code == 422
