# relhub as it is operated: `relhub serve`, and any other command instead (`docker run … relhub migrate`). No demo database inside.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/relhub
COPY requirements.lock ./
RUN /opt/relhub/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY src src
RUN /opt/relhub/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="relhub" org.opencontainers.image.licenses="EUPL-1.2"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin relhub
COPY --from=build /opt/relhub /opt/relhub
ENV PATH=/opt/relhub/bin:$PATH PYTHONUNBUFFERED=1 \
    RELHUB_HOST=0.0.0.0 RELHUB_PORT=8000 \
    RELHUB_SOURCES_DIR=/etc/relhub/sources RELHUB_ACCESS_RULES=/etc/relhub/access-rules.toml \
    RELHUB_CONSUMERS=/etc/relhub/consumers.toml RELHUB_KEYS_FILE=/etc/relhub/keys.toml
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"RELHUB_PORT\"]}/health/live', timeout=2)"]
ENTRYPOINT ["relhub"]
CMD ["serve"]
