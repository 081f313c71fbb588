# Muster's image: one for all roles, the command says which (`receiver`, `worker`, `operator`, `watch`, `setup`, …).
# glibc, because Temporal's native core is built for it: an Alpine image would not start.

FROM node:24.19.0-bookworm-slim AS build
WORKDIR /muster
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY workflows workflows
COPY activities activities
COPY examples examples
# Compiles, and bundles the workflows with the very SDK that will run them.
RUN node scripts/build.mjs

FROM node:24.19.0-bookworm-slim AS dependencies
WORKDIR /muster
COPY package.json package-lock.json ./
# Half of it never runs here: Temporal's native core for four other platforms, type declarations, source maps.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} + \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24.19.0-bookworm-slim
LABEL org.opencontainers.image.title="Muster" \
  org.opencontainers.image.description="Event-driven identity lifecycle orchestration on Temporal" \
  org.opencontainers.image.licenses="Apache-2.0"
# Times are instants or civil dates with a zone of their own; the machine's zone must never matter.
ENV NODE_ENV=production \
  TZ=UTC \
  MUSTER_HOST=0.0.0.0 \
  MUSTER_PORT=8080 \
  MUSTER_OPERATOR_PORT=8081 \
  MUSTER_METRICS_PORT=9464 \
  MUSTER_CONFIG=/etc/muster/muster.yaml \
  MUSTER_POLICY=/etc/muster/policy.yaml
WORKDIR /muster
COPY --from=dependencies /muster/node_modules node_modules
COPY --from=build /muster/dist dist
COPY package.json LICENSE ./
COPY bin bin
COPY deploy/healthcheck.mjs healthcheck.mjs
RUN ln -s /muster/bin/muster.js /usr/local/bin/muster
# Numeric, so that an orchestrator can tell that it is not root. Nothing in the image belongs to it or can be written by it.
USER 1000:1000
EXPOSE 8080 8081 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs"]
ENTRYPOINT ["node", "bin/muster.js"]
CMD ["--help"]
