"""What pushes and the inbox say: a push nothing about anybody, the inbox a little more but never a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from nachbarschaft.words.marking import mark as _

Kind = Literal["asked", "request_changed", "task_changed", "message", "account", "news"]


@dataclass(frozen=True, slots=True)
class Text:
    """One notice: its neutral kind, and title and body as msgids without places to fill in."""

    kind: Kind
    title: str
    body: str


_TITLE: Final = _("Nachbarschaft")

# They pass through Google and stand on locked screens, so they do not even say who helps whom.
_PUSH: Final[tuple[Text, ...]] = (
    Text("asked", _TITLE, _("There is something new in your neighbourhood help.")),
    Text("request_changed", _TITLE, _("Something has changed. Please have a look in the app.")),
    Text("task_changed", _TITLE, _("There is a change. The app tells you more.")),
    Text("message", _TITLE, _("There is a new message for you.")),
    Text("account", _TITLE, _("There is something new about your account.")),
    Text("news", _TITLE, _("There is news from your quarter.")),
)

PUSH_TEXTS: Final[Mapping[str, Text]] = MappingProxyType({text.kind: text for text in _PUSH})
"""Kind → what the push says."""

INBOX_TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        # To whoever is asked.
        "asked": Text(
            "asked",
            _("Can you help?"),
            _("Somebody in your neighbourhood needs help. Do you have time? A no is fine too."),
        ),
        "asked_standby": Text(
            "asked",
            _("Can you step in?"),
            _("You said that you might step in. Your help is needed now. Do you have time?"),
        ),
        "asked_again": Text(
            "asked",
            _("Can you help after all?"),
            _("A request that was settled is open again. Do you have time? A no is fine too."),
        ),
        "settled": Text(
            "asked",
            _("It is settled"),
            _("There is nothing left to do here. Thank you for being there!"),
        ),
        # To whoever asked for help.
        "accepted": Text(
            "request_changed",
            _("Somebody helps you"),
            _("Good news: somebody has said yes to your request."),
        ),
        "filled": Text(
            "request_changed",
            _("All helpers are found"),
            _("Everybody you need has said yes. In the app you see who is coming."),
        ),
        "filled_with_fewer": Text(
            "request_changed",
            _("It goes ahead"),
            _("Not everybody you wished for was found. Those who said yes will help you."),
        ),
        "helper_withdrew": Text(
            "request_changed",
            _("Somebody cannot come"),
            _("A helper had to give your request back. As long as there is time, we ask others for you."),
        ),
        "helper_done": Text(
            "request_changed",
            _("It is marked as done"),
            _("Your request has been marked as done. Is something wrong? Please tell the coordinators."),
        ),
        "expiry_warning": Text(
            "request_changed",
            _("Do you still need help?"),
            _("Your request will end soon. If you still need help, one tap keeps it open."),
        ),
        "expired": Text(
            "request_changed",
            _("Your request has ended"),
            _("Sadly nobody was found in time. If you still need help, you can open it again."),
        ),
        "did_it_happen": Text(
            "request_changed",
            _("Did it work out?"),
            _("Were you helped? Please tell us: it is done, or nobody came. In three days we take it for done."),
        ),
        "assumed_done": Text(
            "request_changed",
            _("We take it for done"),
            _("Nobody told us otherwise, so your request counts as done. Is that wrong? Please tell the coordinators."),
        ),
        "called_off": Text(
            "request_changed",
            _("Your request is called off"),
            _("The coordinators have called your request off. Do you still need help? Please tell them."),
        ),
        # To whoever coordinates the quarter.
        "help_missing": Text(
            "request_changed",
            _("A request needs you"),
            _("Volunteers were asked, and help is still missing. In the app you see what was tried."),
        ),
        # To whoever helps.
        "request_done": Text(
            "task_changed",
            _("The task is done"),
            _("A task of yours has been marked as done. Thank you for your help!"),
        ),
        "request_cancelled": Text(
            "task_changed",
            _("The task is cancelled"),
            _("Your help is no longer needed for this task. Thank you for your yes!"),
        ),
        "request_edited": Text(
            "task_changed",
            _("The task has changed"),
            _("Times or notes are new. If it no longer suits you, you may give it back without a mark."),
        ),
        "released": Text(
            "task_changed",
            _("The task is no longer yours"),
            _("You have been released from a task. There is nothing left to do for you."),
        ),
        "task_confirmed": Text(
            "task_changed",
            _("You can start"),
            _("The coordinators have confirmed you for a task. You find the contact in the app now."),
        ),
        "reminder_day": Text(
            "task_changed",
            _("Your help is needed soon"),
            _("Within a day somebody counts on you. If something has come up, please give the task back now."),
        ),
        "reminder_hours": Text(
            "task_changed",
            _("It begins soon"),
            _("Within two hours somebody counts on you. The app shows you when and where. Thank you!"),
        ),
        "reminder_unconfirmed": Text(
            "task_changed",
            _("You are not confirmed yet"),
            _("A task of yours begins soon, but the coordinators have not confirmed you yet. Please ask them."),
        ),
        "is_it_done": Text(
            "task_changed",
            _("Is it done?"),
            _("Did you help? Please tell us: it is done, or you give it back. In three days we take it for done."),
        ),
        "task_assumed_done": Text(
            "task_changed",
            _("We take it for done"),
            _("Nobody told us otherwise, so a task of yours counts as done. Thank you for your help!"),
        ),
        "reopened": Text(
            "task_changed",
            _("The task is on again"),
            _("It had been closed by mistake. Your help is welcome after all."),
        ),
        "undone": Text(
            "request_changed",
            _("It is not done yet"),
            _("Your request had been closed by mistake. It goes on as before."),
        ),
        # To everybody, about their account.
        "code_by_mail": Text(
            "account",
            _("A code for a new password"),
            _("Somebody asked for it. If it was you, it is in your mailbox. If not, you need not do anything."),
        ),
        "new_email_code": Text(
            "account",
            _("Please confirm your new e-mail address"),
            _("A code is on its way to that address. Please enter it in the app within an hour, with a password."),
        ),
        "new_email_asked": Text(
            "account",
            _("A new e-mail address for your account"),
            _("Somebody wants to change it. Was it not you? Then please change your password in the app at once."),
        ),
    }
)
"""Topic → what the inbox says; it lies behind the token, and still names nobody and no place."""

REMINDERS: Final = frozenset({"reminder_day", "reminder_hours", "reminder_unconfirmed"})
"""Topics that make no sense once the need has begun: their pushes end with `needed_from`."""
