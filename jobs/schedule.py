"""The whole timetable on one screen."""

from jobs.delivery import deliver_pushes
from jobs.expire_requests import expire_requests
from jobs.forget_personal_data import forget_personal_data
from jobs.job import Job
from jobs.send_waves import send_waves

TIMETABLE = (
    Job("expire-requests", every_seconds=60, run=expire_requests),
    Job("send-waves", every_seconds=20, run=send_waves),
    Job("deliver-pushes", every_seconds=30, run=deliver_pushes),
    Job("forget-personal-data", every_seconds=3600, run=forget_personal_data),
)
