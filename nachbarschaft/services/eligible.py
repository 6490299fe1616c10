"""Whether the actor could take a task: the same question for accepting and for standing by."""

from models import HelpRequest
from nachbarschaft.context import Context
from nachbarschaft.errors import NotEligible
from nachbarschaft.matching.eligibility import accept_bars
from nachbarschaft.queries.candidates import candidates_among, need_of


def require_eligible(context: Context, request: HelpRequest) -> None:
    """Raises NotEligible unless one of the actor's offers fits (contract, section 4: Asking)."""
    candidates = candidates_among(context.session, request, context.now, [context.me.person_id])
    need = need_of(request)
    if not any(not accept_bars(need, candidate, context.now) for candidate in candidates):
        raise NotEligible
