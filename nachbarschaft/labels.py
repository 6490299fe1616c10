"""What every fixed choice is called, for apps that show it: the enums of the API with a label for each value."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nachbarschaft.words import mark as _

Labels = Mapping[str, str]

LABELS: Final[Mapping[str, Labels]] = MappingProxyType(
    {
        "request_state": {
            "open": _("Looking for helpers"),
            "filled": _("All helpers are found"),
            "done": _("Done"),
            "cancelled": _("Called off"),
            "expired": _("Expired"),
        },
        "assignment_state": {
            "active": _("In progress"),
            "done": _("Done"),
            "withdrawn": _("Given back"),
            "released": _("Released"),
            "no_show": _("Did not come"),
        },
        "invitation_state": {
            "asked": _("Asked"),
            "accepted": _("Said yes"),
            "declined": _("Said no"),
            "lapsed": _("Settled without an answer"),
            "standby": _("Stands by"),
        },
        "escalation_reason": {
            "enough_asked": _("As many were asked as should be"),
            "nobody_left": _("Nobody is left who could be asked"),
            "time_runs_out": _("Time runs out"),
        },
        "verification": {
            "new": _("Not verified yet"),
            "known": _("ID seen"),
            "certified": _("Background certificate seen"),
        },
        "category_requirement": {
            "none": _("Open to all volunteers"),
            "known": _("Only for volunteers whose ID was seen"),
            "certified": _("Only for volunteers whose background certificate was seen"),
        },
        "notification_kind": {
            "asked": _("Somebody needs help"),
            "request_changed": _("News about my requests"),
            "task_changed": _("News about my tasks"),
            "message": _("Messages"),
            "account": _("My account"),
            "news": _("News from the quarter"),
        },
        "notification_channel": {"push": _("On the phone"), "mail": _("By e-mail")},
        "device_kind": {"token": _("Registration token"), "fid": _("Firebase installation")},
        "platform": {"android": _("Android phone"), "ios": _("iPhone or iPad"), "web": _("Web browser")},
        "reach": {"quarter": _("Only in my quarter"), "neighbours": _("In the neighbouring quarters too")},
        "role": {
            "resident": _("Resident"),
            "volunteer": _("Volunteer"),
            "coordinator": _("Coordinator"),
            "admin": _("Administration"),
        },
        "channel": {"app": _("In the app"), "phone": _("By telephone"), "desk": _("At the desk")},
        "grouping": {
            "category": _("By kind of help"),
            "channel": _("By channel"),
            "language": _("By language"),
            "day": _("By day"),
            "week": _("By week"),
            "month": _("By month"),
        },
        "weekday": {
            "0": _("Monday"),
            "1": _("Tuesday"),
            "2": _("Wednesday"),
            "3": _("Thursday"),
            "4": _("Friday"),
            "5": _("Saturday"),
            "6": _("Sunday"),
        },
    }
)
"""Enum → value → label (msgid). Keys of `weekday` are the API's numbers as text."""

LANGUAGE_LABELS: Final[Labels] = MappingProxyType(
    {
        "de": _("German"),
        "de-x-einfach": _("Plain German"),
        "tr": _("Turkish"),
        "ar": _("Arabic"),
        "uk": _("Ukrainian"),
        "en": _("English"),
        "ru": _("Russian"),
        "pl": _("Polish"),
        "ro": _("Romanian"),
    }
)
"""Language → label (msgid). Plain German is *einfache Sprache*, and never called *Leichte Sprache* (product rules)."""

OWN_NAMES: Final[Labels] = MappingProxyType(
    {
        "de": "Deutsch",
        "de-x-einfach": "Deutsch, einfache Sprache",
        "tr": "Türkçe",
        "ar": "العربية",
        "uk": "Українська",
        "en": "English",
        "ru": "Русский",
        "pl": "Polski",
        "ro": "Română",
    }
)
"""Language → its own name: whoever cannot read the present language finds theirs."""
