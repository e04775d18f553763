# syntax=docker/dockerfile:1
#
# athens in a container. Two images:
#
#     docker build -t athens .                     what serves, publishes and fetches from upstreams; some 30 MB
#     docker build -t athens --target direct .     the same with go and git, for modules straight from version control
#
# Both run as user 65532, write to /var/lib/athens only, and work with a read-only root file system. Without go there is
# no `go env GOPROXY` to go by: the small image fetches from nobody until ATHENS_UPSTREAM says from whom.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /athens
COPY Cargo.toml Cargo.lock ./
COPY src ./src
COPY deploy/container-root ./deploy/
# Crates are compiled once and kept between builds; the program is copied out of the cache, which is no layer.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/athens/target \
    cargo build --release --locked --bin athens && deploy/container-root target/release/athens /small

FROM golang:1.26-bookworm AS direct
# The go command needs git for version control, and ssh for private hosts.
RUN apt-get update && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /small/usr/local/bin/athens /usr/local/bin/athens
COPY --from=build /small/var/lib/athens /var/lib/athens
ENV ATHENS_ROOT=/var/lib/athens/storage \
    ATHENS_STATE=/var/lib/athens/state \
    ATHENS_LISTEN=0.0.0.0:3000 \
    HOME=/tmp
USER 65532:65532
VOLUME /var/lib/athens
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/local/bin/athens", "health"]
ENTRYPOINT ["/usr/local/bin/athens"]
CMD ["serve"]

# Last, so that it is what a build without --target makes.
FROM scratch AS small
COPY --from=build /small /
ENV ATHENS_ROOT=/var/lib/athens/storage \
    ATHENS_STATE=/var/lib/athens/state \
    ATHENS_LISTEN=0.0.0.0:3000
USER 65532:65532
VOLUME /var/lib/athens
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/local/bin/athens", "health"]
ENTRYPOINT ["/usr/local/bin/athens"]
CMD ["serve"]
