"""The story behind the document's examples: short chapters, in each of which neighbours call what the app would call.

A new operation needs one line in a chapter: a successful call, and beside it the refusals that are its own. Each
chapter is handed the cast, and may leave something there for the ones after it. Who calls gives an example its name.
"""

from collections.abc import Callable, Sequence

from tests.api.story.arriving import account, inbox, mails, quarters, second_factor, signing_in
from tests.api.story.cast import Cast
from tests.api.story.helping import asking, giving_back, helping, offering, settling, too_much
from tests.api.story.looking_after import confirming, coordinating, going_wrong, leaving, running, taking_down

CHAPTERS: Sequence[Callable[[Cast], None]] = (
    quarters,
    signing_in,
    account,
    second_factor,
    offering,
    asking,
    helping,
    giving_back,
    settling,
    too_much,
    inbox,
    mails,
    confirming,
    taking_down,
    coordinating,
    leaving,
    running,
    going_wrong,
)
