"""Forgets what has been kept as long as was promised.

Answers for repeated tries go after 72 hours; codes and addresses for mails that were never sent, once that is over.
"""

from datetime import datetime

from jobs.job import Counts
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.ending_codes import forget_recipients, forget_sealed_codes
from nachbarschaft.services.repeating import forget_old_answers


def forget_personal_data(wiring: Wiring, now: datetime) -> Counts:
    with wiring.writing(now) as context:
        return {
            "answers": forget_old_answers(context),
            "codes": forget_sealed_codes(context),
            "recipients": forget_recipients(context),
        }
