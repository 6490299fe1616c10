"""The words of the domain that the doors need for their shapes: states and limits, without any table."""

from models.lifecycle import AssignmentState, InvitationState, RequestState
from models.request import PEOPLE_LIMIT
from models.settings import FIRST_TASKS_LIMIT

REQUEST_STATES = [state.value for state in RequestState]
ASSIGNMENT_STATES = [state.value for state in AssignmentState]
INVITATION_STATES = [state.value for state in InvitationState]
MOST_PEOPLE = PEOPLE_LIMIT

__all__ = ["ASSIGNMENT_STATES", "FIRST_TASKS_LIMIT", "INVITATION_STATES", "MOST_PEOPLE", "REQUEST_STATES"]
