"""The words of the domain that the doors need for their shapes: states and limits, without any table."""

from models.lifecycle import InvitationState, RequestState
from models.request import PEOPLE_LIMIT

REQUEST_STATES = [state.value for state in RequestState]
INVITATION_STATES = [state.value for state in InvitationState]
MOST_PEOPLE = PEOPLE_LIMIT

__all__ = ["INVITATION_STATES", "MOST_PEOPLE", "REQUEST_STATES"]
