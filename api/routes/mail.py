"""No more mails: what mail programs call (RFC 8058), and a page for whoever follows the link by hand."""

from typing import Any

from flask import Blueprint, Response, render_template

from api.endpoint import Edge, Operation, Who, endpoint
from api.problems import reader_language
from api.schemas.mail import OneClickTaken
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound
from nachbarschaft.services.unsubscribing import PATH, TOKEN, stop_mails
from nachbarschaft.words import direction, say, spoken
from nachbarschaft.words import mark as _

mail = Blueprint("mail", __name__)
_RULE = f'{PATH}<regex("{TOKEN}"):token>'


@endpoint(
    mail,
    Operation(
        "GET",
        _RULE,
        name="askToStopMails",
        tag="Me",
        who=Who.ANYONE,
        refuses=(NotFound,),
        own_transactions=True,
    ),
)
def confirmation(_edge: Edge, token: str) -> Response:
    """A page that asks whether mails are to stop. It changes nothing: mail programs look at links by themselves."""
    return _page(_("No more mails?"), _("You still find everything in the app."), button=_("Stop mails"))


@endpoint(
    mail,
    Operation(
        "POST",
        _RULE,
        name="stopMails",
        tag="Me",
        who=Who.ANYONE,
        takes=OneClickTaken,
        takes_form=True,
        refuses=(NotFound,),
    ),
)
def stop(context: Context, body: dict[str, Any], token: str) -> Response:
    """No more mails to whoever got this address in one, but those about their account.

    Mail programs call it with one click (RFC 8058), the page by its button; it takes a form and no JSON. Whoever
    wants mails again chooses so in `putPreferences`. The answer is the same for a token of nobody.
    """
    stop_mails(context, token)
    return _page(
        _("You get no more mails"),
        _("Only mails about your account still come. In the app you can choose mails again at any time."),
    )


def _page(title: str, text: str, *, button: str | None = None) -> Response:
    language = reader_language()
    html = render_template(
        "unsubscribe.html",
        language=spoken(language),
        direction=direction(spoken(language)),
        title=say(language, title),
        text=say(language, text),
        button=say(language, button) if button else None,
    )
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response
