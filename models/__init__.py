"""What is remembered: tables, the rules of one entity, the state tables and the migrations."""

from models.account import CoordinatorAppointment, OneTimeCode, Person, Preferences
from models.assignment import Assignment, Confirmation, ContactView
from models.audit import AuditSeal, SealedEvent
from models.base import Base, new_id
from models.delivery import Delivery, DeliveryTally, Device, Mail, Notification, Outgoing
from models.erasure import Erasure
from models.event import Event, JobRun
from models.idempotency import StoredAnswer
from models.intake import Intake
from models.invitation import Invitation
from models.offer import Offer, OfferCategory
from models.quarter import Quarter, QuarterCell, QuarterNeighbour
from models.request import HelpRequest
from models.second_factor import RecoveryCode, SecondFactor
from models.session import RefreshToken, SignInSession
from models.settings import Closure, QuarterSettings

__all__ = [
    "Assignment",
    "AuditSeal",
    "Base",
    "Closure",
    "Confirmation",
    "ContactView",
    "CoordinatorAppointment",
    "Delivery",
    "DeliveryTally",
    "Device",
    "Erasure",
    "Event",
    "HelpRequest",
    "Intake",
    "Invitation",
    "JobRun",
    "Mail",
    "Notification",
    "Offer",
    "OfferCategory",
    "OneTimeCode",
    "Outgoing",
    "Person",
    "Preferences",
    "Quarter",
    "QuarterCell",
    "QuarterNeighbour",
    "QuarterSettings",
    "RecoveryCode",
    "RefreshToken",
    "SealedEvent",
    "SecondFactor",
    "SignInSession",
    "StoredAnswer",
    "new_id",
]
