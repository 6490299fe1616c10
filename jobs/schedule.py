"""The whole timetable on one screen."""

from jobs.close_forgotten import close_forgotten
from jobs.delivery import deliver_pushes
from jobs.expire_requests import expire_requests
from jobs.forget_personal_data import forget_personal_data
from jobs.job import Job
from jobs.prune_devices import prune_devices
from jobs.remind_helpers import remind_helpers
from jobs.seal_audit import seal_audit
from jobs.send_waves import send_waves

TIMETABLE = (
    Job("expire-requests", every_seconds=60, run=expire_requests),
    Job("send-waves", every_seconds=20, run=send_waves),
    Job("deliver-pushes", every_seconds=30, run=deliver_pushes),
    Job("remind-helpers", every_seconds=60, run=remind_helpers),
    Job("close-forgotten", every_seconds=600, run=close_forgotten),
    Job("prune-devices", every_seconds=3600, run=prune_devices),
    Job("forget-personal-data", every_seconds=3600, run=forget_personal_data),
    Job("seal-audit", every_seconds=60, run=seal_audit),
)
