# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
# npm is for GraphiQL, which the build embeds in the binary.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends nodejs npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --no-default-features --features lake-engine \
    && cp target/release/salesgraph /usr/local/bin/salesgraph

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin salesgraph
COPY --from=build /usr/local/bin/salesgraph /usr/local/bin/salesgraph
USER 10001
# Checks `serve` at its default address; switch it off for other subcommands.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8000/health/ready"]
ENTRYPOINT ["salesgraph"]
CMD ["serve"]
