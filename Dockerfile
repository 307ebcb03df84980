# The bank in a container: no shell, no root, a read-only root file system will do.
#   docker build -t bank-sandbox .
#   docker run --rm -p 8080:8080 -p 8081:8081 bank-sandbox

# What runs: exactly these packages, each by its hash. Byte code is made below, once for all.
FROM python:3.13-slim-trixie AS packages
WORKDIR /build
COPY docker/requirements.txt docker/build-requirements.txt docker/
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: --no-compile --target /app -r docker/requirements.txt \
    && rm -rf /app/bin

# The sandbox itself as a wheel, as it would come from an index.
FROM python:3.13-slim-trixie AS wheel
WORKDIR /build
COPY docker/build-requirements.txt docker/
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: -r docker/build-requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY sandbox sandbox
COPY fixtures fixtures
COPY schemas schemas
RUN python -m hatchling build -t wheel \
    && pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --no-index --no-deps --no-compile --target /app dist/*.whl \
    && rm -rf /app/bin

# Hash-based byte code: the same files at every build, and no look at the sources at start-up.
FROM packages AS compiled
COPY --from=wheel /app /app
RUN find /app -depth -type d \( -name tests -o -name test \) -not -path '*/sandbox/*' -exec rm -rf {} + \
    && python -m compileall -q --invalidation-mode unchecked-hash /app \
    && mkdir /data

FROM gcr.io/distroless/python3-debian13:nonroot
LABEL org.opencontainers.image.title="bank-sandbox" \
      org.opencontainers.image.description="An async sandbox of a Japanese bank's open API" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=compiled /app /app
COPY --from=compiled --chown=65532:65532 /data /data
ENV PYTHONPATH=/app
# The base has the standard library without byte code: importing it once as root leaves it there.
USER 0
RUN ["/usr/bin/python3", "-c", "import sandbox.app, sandbox.cli.serve, sandbox.cli.probe, sandbox.web.control, sqlite3, ssl, asyncio, zoneinfo"]
USER 65532:65532
# Within the container both doors listen on all addresses; who may come is the port mapping's matter.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SANDBOX_HOST=0.0.0.0 \
    SANDBOX_CONTROL_HOST=0.0.0.0 \
    SANDBOX_CONTROL_OPEN=1
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --start-interval=0.25s --retries=3 \
    CMD ["/usr/bin/python3", "-m", "sandbox", "health"]
ENTRYPOINT ["/usr/bin/python3", "-m", "sandbox"]
CMD ["serve"]
