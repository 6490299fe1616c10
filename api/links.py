"""What an answer leads to: where the next call finds its id. They stand in the document, for generators and testers."""

from collections.abc import Mapping
from typing import Any

ID, FIRST = "$response.body#/id", "$response.body#/items/0/id"
OF_REQUEST, ASKED_FOR = "$response.body#/request", "$response.body#/items/0/request/id"

_LINKS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "createRequest": {
        "getRequest": {"id": ID},
        "updateRequest": {"id": ID},
        "acceptRequest": {"id": ID},
        "getDispatch": {"id": ID},
        "renewRequest": {"id": ID},
        "cancelRequest": {"id": ID},
    },
    "listRequests": {"getRequest": {"id": FIRST}, "acceptRequest": {"id": FIRST}},
    "listInvitations": {
        "acceptRequest": {"id": ASKED_FOR},
        "declineRequest": {"id": ASKED_FOR},
        "standByForRequest": {"id": ASKED_FOR},
    },
    "acceptRequest": {
        "getRequest": {"id": OF_REQUEST},
        "getContact": {"id": OF_REQUEST},
        "finishRequest": {"id": OF_REQUEST},
        "withdrawFromRequest": {"id": OF_REQUEST},
    },
    "finishRequest": {"undoRequest": {"id": ID}},
    "cancelRequest": {"undoRequest": {"id": ID}},
    "createOffer": {"getOffer": {"id": ID}, "updateOffer": {"id": ID}, "deleteOffer": {"id": ID}},
    "listOffers": {"getOffer": {"id": FIRST}},
    "putDevice": {"deleteDevice": {"installation": "$response.body#/installation"}},
    "listNotifications": {"getNotification": {"id": FIRST}, "readNotification": {"id": FIRST}},
    "listQuarters": {"getQuarter": {"slug": "$response.body#/items/0/slug"}},
    "locateQuarter": {"getQuarter": {"slug": "$response.body#/slug"}},
    "listMembers": {"verifyMember": {"slug": "$request.path.slug", "person": FIRST}},
}
"""Operation → what one may do next → where its path parameters are found. Ending one's own session is left out."""


def links_of(operation: str) -> dict[str, Any]:
    """The Link Objects for the successful answers of an operation, by the operation they lead to."""
    return {
        following: {"operationId": following, "parameters": dict(parameters)}
        for following, parameters in _LINKS.get(operation, {}).items()
    }
