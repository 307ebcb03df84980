# The bank in a container: no shell, no root, a read-only root file system will do.
#   docker build -t bank-sandbox .
#   docker run --rm -p 8080:8080 -p 8081:8081 bank-sandbox

# What runs: exactly these packages, each by its hash. Byte code is made below, once for all.
FROM python:3.13-slim-trixie AS packages
WORKDIR /build
COPY locks/serve.txt locks/
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: --no-compile --target /app -r locks/serve.txt \
    && rm -rf /app/bin

# The sandbox itself as a wheel, as it would come from an index.
FROM python:3.13-slim-trixie AS wheel
WORKDIR /build
COPY locks/build.txt locks/
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: -r locks/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY sandbox sandbox
COPY fixtures fixtures
COPY schemas schemas
# The same wheel as `make wheel` builds, bit by bit.
RUN SOURCE_DATE_EPOCH=1767225600 python -m hatchling build -t wheel \
    && pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --no-index --no-deps --no-compile --target /app dist/*.whl \
    && rm -rf /app/bin

# Hash-based byte code: the same files at every build, and no look at the sources at start-up.
# Names of other countries than Japan are what nobody here ever draws.
FROM packages AS compiled
COPY --from=wheel /app /app
RUN find /app -depth -type d \( -name tests -o -name test \) -not -path '*/sandbox/*' -exec rm -rf {} + \
    && find /app/faker/providers -mindepth 2 -maxdepth 2 -type d -not -name ja_JP -not -name en_US -exec rm -rf {} + \
    && python -m compileall -q --invalidation-mode unchecked-hash /app \
    && mkdir /data

FROM gcr.io/distroless/python3-debian13:nonroot
LABEL org.opencontainers.image.title="bank-sandbox" \
      org.opencontainers.image.description="An async sandbox of a Japanese bank's open API" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=compiled /app /app
COPY docker/sbom.cdx.json /app/bank-sandbox.cdx.json
COPY --from=compiled --chown=65532:65532 /data /data
ENV PYTHONPATH=/app
# The base has the standard library without byte code: to serve and log in once, as root, leaves it there.
USER 0
RUN --mount=type=bind,source=docker/warm.py,target=/warm.py ["/usr/bin/python3", "/warm.py"]
USER 65532:65532
# Within the container both doors listen on all addresses; who may come is the port mapping's matter.
# The health check finds the bank by the ready file, whatever port a flag or a setting made it take.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SANDBOX_HOST=0.0.0.0 \
    SANDBOX_CONTROL_HOST=0.0.0.0 \
    SANDBOX_CONTROL_OPEN=1 \
    SANDBOX_READY_FILE=/dev/shm/bank-sandbox.json
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --start-interval=0.25s --retries=3 \
    CMD ["/usr/bin/python3", "-m", "sandbox", "health"]
ENTRYPOINT ["/usr/bin/python3", "-m", "sandbox"]
CMD ["serve"]
