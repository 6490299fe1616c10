"""What is stored about whom, what for and for how long: every column of every table, for data protection officers.

The periods are the longest that the product's rules allow (storage limitation, GDPR Art. 5(1)(e)). A column that
is missing here fails the build, and so does an entry whose column has gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Personal(StrEnum):
    """What a value tells about a person; `none` tells nothing."""

    NONE = "none"
    IDENTIFIER = "identifier"
    CONTACT = "contact"
    CONTENT = "content"
    LOCATION = "location"
    BEHAVIOUR = "behaviour"


@dataclass(frozen=True, slots=True)
class Use:
    """One column: what it is for, what it tells, and how long it is kept (in plain words).

    Whoever asks for their data gets it, unless it is `withheld`, for the reason that is given there.
    """

    purpose: str
    personal: Personal
    retention: str = ""
    withheld: str = ""

    @property
    def is_exported(self) -> bool:
        """Whether it stands in what a person is given on asking (GDPR Art. 15)."""
        return self.personal != Personal.NONE and not self.withheld


def _none(purpose: str, kept: str = "") -> Use:
    return Use(purpose, Personal.NONE, kept)


def _identifier(purpose: str, kept: str = "") -> Use:
    return Use(purpose, Personal.IDENTIFIER, kept)


def _contact(purpose: str, kept: str = "") -> Use:
    return Use(purpose, Personal.CONTACT, kept)


def _content(purpose: str, kept: str = "") -> Use:
    return Use(purpose, Personal.CONTENT, kept)


def _location(purpose: str, kept: str = "") -> Use:
    return Use(purpose, Personal.LOCATION, kept)


def _behaviour(purpose: str, kept: str = "") -> Use:
    return Use(purpose, Personal.BEHAVIOUR, kept)


def _secret(use: Use) -> Use:
    return replace(use, withheld="whoever has it could act in the person's place")


def _of_others(use: Use) -> Use:
    return replace(use, withheld="tells of somebody else (GDPR Art. 15(4))")


def _table(kept: str, **columns: Use) -> Mapping[str, Use]:
    """A table's columns; `kept` holds for each that says nothing of its own."""
    return MappingProxyType({name: replace(use, retention=use.retention or kept) for name, use in columns.items()})


_ACCOUNT: Final = "as long as the account exists"
_CITY: Final = "as long as the quarter takes part"
_CLOSED: Final = "12 months after the request has ended, then only in anonymous counts"
_CLOSED_TEXT: Final = "30 days after the request has ended"
_LOOKS: Final = "12 months"
_ERASURES: Final = "90 days, longer than any backup"
_PUSHES: Final = "7 days after it was sent or dropped, 30 days after it failed, and until its request has ended"
_INBOX: Final = "12 months"
_SIGN_INS: Final = "90 days after the sign-in has ended"

_OUTGOING: Final = {
    "id": _none("key of the row"),
    "notification_id": _identifier("which notice"),
    "state": _behaviour("whether it was sent"),
    "due_at": _none("when it is to be sent"),
    "lease_until": _none("how long one sender holds it"),
    "attempt": _none("counts claims, so that a late sender settles nothing"),
    "failures": _none("counts failures"),
    "may_have_arrived": _behaviour("that an attempt ended without an answer, so that it may have arrived"),
    "outcome": _none("how it ended: a fixed word or Google's error code"),
    "settled_at": _behaviour("when it ended"),
}
"""What pushes and mails on their way out have in common."""

DATA_MAP: Final[Mapping[str, Mapping[str, Use]]] = MappingProxyType(
    {
        "person": _table(
            _ACCOUNT,
            id=_identifier("stands for the person in all other tables"),
            email=_contact("sign-in, and the way to reach the person"),
            email_refused_at=_behaviour("since when a mail server says that there is no such e-mail address"),
            pending_email=_contact("a new e-mail address, until its code shows that it is theirs"),
            phone=_contact("sign-in, and the way to reach the person; shown to whoever helps them"),
            contact_phone=_contact("for whoever helps, where a coordinator wrote it down; never signs in"),
            password_hash=_secret(_identifier("sign-in; argon2id, never shown")),
            name=_identifier("how helpers and the person address each other"),
            language=_behaviour("the language of everything that the person is told"),
            quarter_id=_location("which quarter's requests and coordinators are theirs"),
            home_lat=_location("place of their requests and offers unless they say otherwise"),
            home_lon=_location("place of their requests and offers unless they say otherwise"),
            home_address=_location("where helpers come to; shown to whoever has the task, on demand"),
            verification=_behaviour("which kinds of help the person may give"),
            verified_on=_behaviour("when a coordinator last saw the person's ID or certificate"),
            verified_until=_behaviour("until when a seen certificate counts"),
            verified_by=_of_others(_identifier("which coordinator saw it")),
            protected_address=_behaviour("keeps the address from helpers; the coordinator arranges visits"),
            is_admin=_behaviour("may appoint coordinators and import quarters"),
            is_demo=_none("marks invented people, whose password everybody knows"),
            active_tasks=_behaviour("how many tasks the person has now; at most three"),
            available_until=_behaviour("until when they last said to have time"),
            push_secret=_none("makes collapse keys that mean nothing to anybody else"),
            notice_version=_behaviour("which privacy notice the person was shown"),
            suspended_at=_behaviour("since when the person may not take part"),
            created_at=_behaviour("when the person signed up"),
        ),
        "preferences": _table(
            _ACCOUNT,
            person_id=_identifier("whose preferences"),
            quiet_from=_behaviour("when pushes stop for the night"),
            quiet_until=_behaviour("when pushes begin again"),
            urgent_at_night=_behaviour("whether urgent requests may wake them"),
            pushes_per_day=_behaviour("how many pushes a day are welcome"),
            asks_per_week=_behaviour("how often a week they may be asked"),
            paused_until=_behaviour("until when nobody asks them"),
            channels=_behaviour("which kinds of notice arrive by push or mail"),
            mail_stopped_at=_behaviour("since when no mail is wanted, except about the account"),
        ),
        "coordinator_appointment": _table(
            "until the appointment ends",
            person_id=_identifier("who coordinates"),
            quarter_id=_behaviour("which quarter they coordinate"),
            appointed_at=_behaviour("since when they coordinate it"),
        ),
        "one_time_code": _table(
            "14 days; it stops working then, or once it is used",
            id=_none("key of the row"),
            person_id=_identifier("who may set a password with the code"),
            code_hash=_secret(_identifier("recognises the code; the code itself is not kept")),
            created_at=_behaviour("when the code was issued"),
            expires_at=_none("when the code stops working"),
            used_at=_behaviour("when the code was used"),
            reason=_none("why it was issued: a fixed word, such as “operator”"),
            sealed_code=_secret(_identifier("the code, encrypted, until its mail has been sent")),
            new_email=_contact("the address that the code was sent to, and that becomes the login"),
        ),
        "sign_in_session": _table(
            _SIGN_INS,
            id=_identifier("stands for one signed-in device"),
            person_id=_identifier("whose device"),
            created_at=_behaviour("when the device signed in"),
            signed_in_at=_behaviour("when the password was last entered; protects home and login"),
            second_factor_at=_behaviour("when the second factor was shown; opens what coordinators may do"),
            last_seen_at=_behaviour("when the device last renewed its sign-in; idle ones end"),
            absolute_end=_none("when the sign-in ends whatever happens"),
            ended_at=_behaviour("when it ended; later requests are refused"),
            end_reason=_behaviour("why it ended: a fixed word, such as “signed_out”"),
        ),
        "refresh_token": _table(
            _SIGN_INS,
            token_hash=_secret(_identifier("recognises the token; the token itself is not kept")),
            session_id=_identifier("which signed-in device"),
            issued_at=_behaviour("when it was given out"),
            used_at=_behaviour("when it was exchanged; a second use ends the sign-in"),
            salt=_none("makes the next token computable for whoever holds this one"),
        ),
        "second_factor": _table(
            "until the second factor is taken off, at most as long as the account exists",
            person_id=_identifier("whose second factor"),
            secret=_secret(_identifier("what one-time passwords are computed from; encrypted")),
            created_at=_behaviour("when it was set up"),
            confirmed_at=_behaviour("since when it is asked for"),
            last_step=_none("keeps a one-time password from being used twice"),
            failures=_behaviour("how many wrong ones were sent lately; too many have to wait"),
            failing_since=_behaviour("since when they were wrong"),
        ),
        "recovery_code": _table(
            "as long as the second factor",
            id=_none("key of the row"),
            person_id=_identifier("whose second factor it stands in for"),
            code_hash=_secret(_identifier("recognises the code; the code itself is not kept")),
            used_at=_behaviour("when it was used; it works once"),
        ),
        "quarter_settings": _table(
            _CITY,
            quarter_id=_none("which quarter"),
            dispatch=_none("how many volunteers are asked, how far and how often, where it differs from the default"),
            confirm_first_tasks=_none("how many first tasks of a new volunteer wait for a coordinator"),
            contact_name=_none("the quarter's office, as it wants to be called"),
            contact_phone=_contact("the office's telephone, for everybody to see"),
            contact_email=_contact("the office's e-mail address, for everybody to see"),
            contact_hours=_none("when the office can be reached, in its own words"),
            updated_at=_none("when the settings were last changed"),
        ),
        "closure": _table(
            _CITY,
            id=_none("key of the row"),
            quarter_id=_none("which quarter's office"),
            from_day=_none("first day on which it is closed"),
            until_day=_none("last day on which it is closed"),
            reason=_none("why, for everybody to see"),
        ),
        "quarter": _table(
            _CITY,
            id=_none("key of the row"),
            slug=_none("the quarter's name in addresses"),
            name=_none("the quarter's name"),
            city=_none("the city's name"),
            timezone=_none("by which clocks people live"),
            outline=_none("the quarter's border, as the city publishes it"),
            center_lat=_none("a point inside the quarter"),
            center_lon=_none("a point inside the quarter"),
            south=_none("bounding box, to find the quarter of a place"),
            west=_none("bounding box, to find the quarter of a place"),
            north=_none("bounding box, to find the quarter of a place"),
            east=_none("bounding box, to find the quarter of a place"),
            created_at=_none("when the quarter was imported"),
            updated_at=_none("when its outline or name last changed"),
        ),
        "quarter_neighbour": _table(
            _CITY,
            quarter_id=_none("one quarter"),
            neighbour_id=_none("a quarter that adjoins it"),
        ),
        "quarter_cell": _table(
            _CITY,
            quarter_id=_none("one quarter"),
            cell=_none("an H3 cell that overlaps it"),
        ),
        "help_request": _table(
            _CLOSED,
            id=_identifier("stands for the request in all other tables"),
            requester_id=_identifier("who asked for help"),
            quarter_id=_location("whose volunteers and coordinators see it"),
            category=_behaviour("what kind of help is needed; may hint at health"),
            public_note=_content("what volunteers in reach should know", _CLOSED_TEXT),
            private_note=_content("what only whoever helps should know", _CLOSED_TEXT),
            needed_from=_behaviour("when help is needed"),
            needed_until=_behaviour("when help is needed"),
            urgent=_behaviour("who is asked, and how soon"),
            people_needed=_behaviour("how many helpers are needed"),
            people_accepted=_behaviour("how many helpers are found"),
            languages=_behaviour("which languages the requester speaks"),
            place_lat=_location("where help is needed", _CLOSED_TEXT),
            place_lon=_location("where help is needed", _CLOSED_TEXT),
            place_address=_location("where help is needed; shown to whoever has the task, on demand", _CLOSED_TEXT),
            phone=_contact("for whoever has the task, on demand", _CLOSED_TEXT),
            cell=_location("the fixed cell that volunteers see instead of the place"),
            code_word=_identifier("by which both sides know each other at the door", _CLOSED_TEXT),
            state=_behaviour("whether help is needed, found, given or called off"),
            confirmed_at=_behaviour("when the requester last said that help is needed"),
            expires_at=_none("when the request ends unless it is confirmed"),
            warn_at=_none("when the requester is asked whether help is still needed"),
            warned_at=_none("when that was done"),
            next_wave_at=_none("when the next volunteers are asked"),
            reopened_at=_behaviour("when a helper's place became free again"),
            renewed_at=_behaviour("when it was opened again after it had expired"),
            waves=_none("how many times volunteers were asked"),
            escalate_at=_none("from when on the coordinators are to be told that help is missing"),
            escalated_at=_behaviour("when they were told"),
            tried=_none("counts of what had been tried by then"),
            created_at=_behaviour("when help was asked for"),
            edited_at=_behaviour("when it changed after somebody had said yes; they may then give it back"),
            closed_at=_behaviour("when it ended"),
            closed_by=_of_others(_identifier("who ended it, and may take that back")),
            state_before=_none("what taking back leads to"),
            minutes=_behaviour("how long the help took, as the requester says"),
            expenses_cents=_behaviour("what was laid out, as the requester says"),
            asked_if_done_at=_behaviour("when both sides were asked how it ended"),
            done_assumed=_behaviour("that nobody answered, and it was taken as done"),
            version=_none("counts changes"),
        ),
        "assignment": _table(
            _CLOSED,
            id=_identifier("stands for one helper's task"),
            request_id=_identifier("which request"),
            person_id=_identifier("who helps"),
            state=_behaviour("whether they help, have helped, or gave it back"),
            accepted_at=_behaviour("when they said yes"),
            ended_at=_behaviour("when the task ended; the contact stays readable for a day"),
            ended_by=_of_others(_identifier("who ended it, and may take that back")),
            end_reason=_content("why a helper was released, in the requester's or coordinator's words", _CLOSED_TEXT),
            excused=_behaviour("that the helper gave it back after it had been changed; then it leaves no mark"),
            minutes=_behaviour("how long it took, as the helper says"),
            expenses_cents=_behaviour("what was laid out, as the helper says"),
            reminded_day_for=_behaviour("the beginning that they were reminded of a day before"),
            reminded_hours_for=_behaviour("the beginning that they were reminded of two hours before"),
        ),
        "confirmation": _table(
            _CLOSED,
            assignment_id=_identifier("which task of a new volunteer"),
            confirmed_at=_behaviour("when a coordinator agreed"),
            confirmed_by=_of_others(_identifier("who agreed")),
        ),
        "intake": _table(
            _CLOSED,
            request_id=_identifier("which request was taken down for somebody"),
            channel=_behaviour("by telephone or at the desk"),
            entered_by=_of_others(_identifier("which coordinator took it down")),
            consent_given_at=_behaviour("when the person agreed to that"),
            consent_text_version=_behaviour("which text they agreed to"),
        ),
        "contact_view": _table(
            _LOOKS,
            id=_none("key of the row"),
            request_id=_identifier("whose contact was looked at"),
            viewer_id=_identifier("who looked; the requester can read it"),
            role=_behaviour("as volunteer or as coordinator"),
            reason=_content("why a coordinator looked, in their words"),
            at=_behaviour("when they looked"),
        ),
        "invitation": _table(
            _CLOSED,
            id=_identifier("stands for one volunteer beside one request"),
            request_id=_identifier("which request"),
            person_id=_identifier("who was asked, declined or stands by"),
            state=_behaviour("what they answered"),
            wave=_none("in which wave they were asked"),
            rank=_behaviour("in which order"),
            points=_behaviour("how well they fitted"),
            terms=_behaviour("the numbers that the choice was made on, so that it can be explained"),
            created_at=_behaviour("when the row was made"),
            asked_at=_behaviour("when they were asked; keeps anybody from being asked too often"),
            answered_at=_behaviour("when they answered"),
            said_yes_at=_behaviour("when they said yes although it was taken; counts as a yes"),
        ),
        "offer": _table(
            "until the volunteer takes it back, at most as long as the account exists",
            id=_identifier("stands for the offer"),
            person_id=_identifier("who offers"),
            quarter_id=_location("in which quarter"),
            categories=_behaviour("what kinds of help"),
            languages=_behaviour("in which languages"),
            availability=_behaviour("at which hours of the week"),
            reach=_behaviour("whether also for adjoining quarters"),
            tasks_per_week=_behaviour("how many tasks a week at most"),
            has_car=_behaviour("whether they have a car"),
            place_lat=_location("where they set out from"),
            place_lon=_location("where they set out from"),
            cell=_location("the fixed cell that distances are taken from"),
            paused_until=_behaviour("until when nobody asks by this offer"),
            created_at=_behaviour("when it was made"),
            version=_none("counts changes"),
        ),
        "offer_category": _table(
            "as long as the offer",
            offer_id=_identifier("which offer"),
            category=_behaviour("a kind of help that it names"),
            quarter_id=_location("in which quarter"),
            person_id=_identifier("who offers"),
            spot=_location("the offer's cell, and whether they have said yes lately"),
            verification=_behaviour("what they are verified as"),
            languages=_behaviour("in which languages"),
            hours_1=_behaviour("at which hours of the week, the first third"),
            hours_2=_behaviour("the second third"),
            hours_3=_behaviour("the last third"),
        ),
        "device": _table(
            "until it signs off or its address is dead, at most 60 days without contact",
            id=_identifier("stands for one installation of the app"),
            person_id=_identifier("whose it is"),
            session_id=_identifier("on which signed-in device it runs; it goes when that signs out"),
            installation=_identifier("the app's own name for it"),
            address=_secret(_contact("where pushes for it go; never shown")),
            address_hash=_secret(_identifier("keeps one address with one person")),
            kind=_none("how Google names the installation"),
            platform=_behaviour("android, ios or web"),
            language=_behaviour("the language of its pushes"),
            app_version=_behaviour("which version of the app it runs"),
            created_at=_behaviour("when it was registered"),
            seen_at=_behaviour("when it last registered"),
        ),
        "notification": _table(
            _INBOX,
            id=_identifier("random; the only id that leaves for Google"),
            person_id=_identifier("who is told"),
            request_id=_identifier("about which request"),
            kind=_behaviour("one of six neutral kinds"),
            topic=_behaviour("which text the inbox shows"),
            urgent=_none("whether it may come at night"),
            silent=_none("whether it only replaces an earlier push"),
            created_at=_behaviour("when it was owed"),
            expires_at=_none("when the push stops making sense"),
            read_at=_behaviour("when it was read"),
            replaced_at=_behaviour("when a later notice about the same request took its place"),
        ),
        "delivery": _table(
            _PUSHES,
            device_id=_identifier("to which device"),
            **_OUTGOING,
        ),
        "mail": _table(
            _PUSHES,
            digest=_none("whether it can wait for the daily digest"),
            recipient=_contact("the address that is told of a new one, until its mail has been sent"),
            **_OUTGOING,
        ),
        "delivery_tally": _table(
            "as long as the product runs",
            channel=_none("push or mail"),
            outcome=_none("how attempts ended: a fixed word or Google's error code"),
            count=_none("how many ended like that"),
            last_at=_none("when the last one did"),
        ),
        "event": _table(
            _LOOKS,
            id=_none("key of the row"),
            at=_behaviour("when it happened"),
            kind=_behaviour("what happened"),
            actor_id=_of_others(_identifier("who did it")),
            quarter_id=_location("in which quarter"),
            request_id=_identifier("to which request"),
            person_id=_of_others(_identifier("whom it concerned")),
            data=_behaviour("states, counts and ids; never a name, an address or anybody's text"),
        ),
        "audit_seal": _table(
            "as long as the product runs",
            number=_none("its place in the chain"),
            sealed_at=_none("when it was made"),
            oldest_at=_none("when the oldest of its events happened"),
            newest_at=_none("when the newest did; 12 months later they are forgotten"),
            events=_none("how many it holds"),
            content=_none("a hash over its events"),
            hash=_none("a hash over the seal and the one before"),
        ),
        "sealed_event": _table(
            _LOOKS,
            event_id=_none("which event"),
            seal=_none("which seal holds it"),
            place=_none("at which place"),
            digest=_none("a hash over what the event said when it was sealed"),
        ),
        "erasure": _table(
            _ERASURES,
            person_hash=_none("a keyed hash of who was erased, so that no restored backup brings them back"),
            erased_at=_none("when they were"),
        ),
        "job_run": _table(
            "as long as the job exists",
            name=_none("which job"),
            last_started_at=_none("when it last began"),
            last_success_at=_none("when it last succeeded"),
            last_error_at=_none("when it last failed"),
            last_error=_none("the kind of that failure, never its text"),
            successes=_none("how many runs ended well"),
            failures=_none("how many runs failed"),
        ),
        "stored_answer": _table(
            "72 hours",
            person_id=_identifier("whose try it was"),
            route=_behaviour("which call; may name a request"),
            key=_identifier("the app's own name for the try"),
            body_hash=_none("tells whether the same body came again"),
            status=_none("the answer's status"),
            headers=_none("the answer's headers"),
            body=_of_others(_content("the answer, byte by byte, for a phone that did not get it")),
            created_at=_behaviour("when it was first answered"),
        ),
    }
)
"""Table → column → its use."""

OWNED_BY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "person": ("id",),
        "preferences": ("person_id",),
        "coordinator_appointment": ("person_id",),
        "one_time_code": ("person_id",),
        "sign_in_session": ("person_id",),
        "refresh_token": ("session_id",),
        "second_factor": ("person_id",),
        "recovery_code": ("person_id",),
        "help_request": ("requester_id",),
        "assignment": ("person_id",),
        "confirmation": ("assignment_id",),
        "intake": ("request_id",),
        "contact_view": ("viewer_id",),
        "invitation": ("person_id",),
        "offer": ("person_id",),
        "offer_category": ("offer_id",),
        "device": ("person_id",),
        "notification": ("person_id",),
        "delivery": ("notification_id",),
        "mail": ("notification_id",),
        "event": ("actor_id", "person_id"),
        "stored_answer": ("person_id",),
    }
)
"""Table → the columns that lead to whose row it is, by way of other tables where they point there."""
