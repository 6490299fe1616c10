# Two stages: the first has pip and builds a virtual environment from the hashed lock file, the second has neither
# pip nor a compiler. Runs as an unprivileged user on a read-only root file system; only /data and /tmp are written to.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /app \
 && /app/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml setup.cfg ./
COPY models models
COPY nachbarschaft nachbarschaft
COPY api api
COPY jobs jobs
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /app/bin/pip uninstall --yes pip setuptools

FROM python:3.13-slim
# ensurepip goes too: it carries pip along, to be unpacked by anybody.
RUN python -m pip uninstall --yes pip \
 && python -c "import ensurepip, shutil; shutil.rmtree(ensurepip.__path__[0])" \
 && groupadd --system --gid 10001 nachbarschaft \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin nachbarschaft \
 && install -d -o nachbarschaft -g nachbarschaft -m 0700 /data
COPY --from=build /app /app
USER 10001:10001
WORKDIR /data
ENV PATH=/app/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NACHBARSCHAFT_HOST=0.0.0.0 \
    NACHBARSCHAFT_LOG_FORMAT=json
EXPOSE 8000
# For the API; the worker and the scheduler do not listen, so whoever runs those replaces it: see compose.yaml.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
  "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
# The same image runs every part: `api`, `worker` or `scheduler` (and `db upgrade` before them).
ENTRYPOINT ["nachbarschaft"]
CMD ["api"]
