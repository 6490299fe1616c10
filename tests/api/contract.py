"""The paths of the contract, section 5, and in which issue (section 9) each is due."""

from collections.abc import Mapping, Set
from typing import Final

Routes = Mapping[str, Set[str]]

MAIN_JOB: Final[Routes] = {
    "/v1/auth/sign-up": {"POST"},
    "/v1/auth/sign-in": {"POST"},
    "/v1/auth/refresh": {"POST"},
    "/v1/auth/sign-out": {"POST"},
    "/v1/auth/codes/redeem": {"POST"},
    "/v1/me": {"GET", "PATCH"},
    "/v1/me/devices/{installation}": {"PUT", "DELETE"},
    "/v1/me/preferences": {"GET", "PUT"},
    "/v1/me/notifications": {"GET"},
    "/v1/me/notifications/{id}": {"GET"},
    "/v1/me/notifications/{id}/read": {"POST"},
    "/v1/quarters": {"GET"},
    "/v1/quarters/{slug}": {"GET"},
    "/v1/quarters/locate": {"GET"},
    "/v1/requests": {"GET", "POST"},
    "/v1/requests/{id}": {"GET", "PATCH"},
    "/v1/requests/{id}/accept": {"POST"},
    "/v1/requests/{id}/decline": {"POST"},
    "/v1/requests/{id}/standby": {"POST"},
    "/v1/requests/{id}/withdraw": {"POST"},
    "/v1/requests/{id}/contact": {"POST"},
    "/v1/requests/{id}/views": {"GET"},
    "/v1/requests/{id}/done": {"POST"},
    "/v1/requests/{id}/cancel": {"POST"},
    "/v1/requests/{id}/still-needed": {"POST"},
    "/v1/requests/{id}/release": {"POST"},
    "/v1/requests/{id}/undo": {"POST"},
    "/v1/requests/{id}/dispatch": {"GET"},
    "/v1/offers": {"GET", "POST"},
    "/v1/offers/{id}": {"GET", "PATCH", "DELETE"},
    "/v1/invitations": {"GET"},
    "/health/live": {"GET"},
    "/health/ready": {"GET"},
    "/openapi.json": {"GET"},
    "/docs": {"GET"},
}
"""What has to be there since the main job."""

LATER: Final[Routes] = {
    "/v1/auth/codes": {"POST"},
    "/v1/auth/firebase": {"POST"},
    "/v1/me": {"DELETE"},
    "/v1/me/totp": {"POST", "DELETE"},
    "/v1/me/totp/confirm": {"POST"},
    "/v1/me/password": {"POST"},
    "/v1/me/sessions": {"GET"},
    "/v1/me/sessions/{id}": {"DELETE"},
    "/v1/me/export": {"GET"},
    "/v1/me/tasks": {"GET"},
    "/v1/me/available-now": {"PUT", "DELETE"},
    "/v1/me/calendar": {"GET"},
    "/v1/me/calendar/rotate": {"POST"},
    "/v1/me/blocks/{person}": {"PUT", "DELETE"},
    "/v1/sync": {"GET"},
    "/v1/meta": {"GET"},
    "/v1/quarters/{slug}/settings": {"GET", "PATCH"},
    "/v1/requests/{id}/confirm": {"POST"},
    "/v1/requests/{id}/messages": {"GET", "POST"},
    "/v1/requests/{id}/thanks": {"POST"},
    "/v1/reports": {"POST"},
    "/v1/reports/{id}/resolve": {"POST"},
    "/v1/approvals/{id}/confirm": {"POST"},
    "/v1/quarters/{slug}/attention": {"GET"},
    "/v1/quarters/{slug}/activity": {"GET"},
    "/v1/quarters/{slug}/statistics": {"GET"},
    "/v1/quarters/{slug}/report.csv": {"GET"},
    "/v1/quarters/{slug}/report.xlsx": {"GET"},
    "/v1/quarters/{slug}/report.pdf": {"GET"},
    "/v1/quarters/{slug}/requests": {"POST"},
    "/v1/quarters/{slug}/callbacks": {"GET", "POST"},
    "/v1/quarters/{slug}/members": {"GET"},
    "/v1/quarters/{slug}/members/{person}/verify": {"POST"},
    "/v1/quarters/{slug}/members/{person}/suspend": {"POST"},
    "/v1/quarters/{slug}/members/{person}/reinstate": {"POST"},
    "/v1/quarters/{slug}/reports": {"GET", "POST"},
    "/v1/quarters/{slug}/activities": {"GET", "POST"},
    "/v1/quarters/{slug}/activities/{id}/join": {"POST"},
    "/v1/quarters/{slug}/activities/{id}/leave": {"POST"},
    "/v1/quarters/{slug}/news": {"GET", "POST"},
    "/metrics": {"GET"},
    "/desk/": {"GET"},
}
"""What may be there already, under this name and no other; and is refused as long as it is not."""

ADDED: Final[Routes] = {
    # What a mail's one-click header and its link lead to (RFC 8058).
    "/v1/mail/unsubscribe/{token}": {"GET", "POST"},
}
"""What users expect although the contract does not name it."""
