# One image for every quotel process; docker-compose.yml says which npm script each container runs.

# Compiles what app developers install (the demo app uses it as they do). Dev dependencies stay in this stage.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY conventions/package.json conventions/
COPY instrumentation/package.json instrumentation/
COPY examples/chat-api/package.json examples/chat-api/
# No install script is needed: the compiler is a plain binary and Postgres is a container of its own.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY conventions conventions
COPY instrumentation instrumentation
RUN npm run build --workspace conventions && npm run build --workspace instrumentation

FROM node:24-slim
ENV NODE_ENV=production \
    NPM_CONFIG_UPDATE_NOTIFIER=false \
    QUOTEL_DATA_DIR=/var/lib/quotel
WORKDIR /app
COPY package.json package-lock.json ./
COPY conventions/package.json conventions/
COPY instrumentation/package.json instrumentation/
COPY examples/chat-api/package.json examples/chat-api/
# Optional are the embedded Postgres (here it is a container of its own) and what apps may add to the instrumentation.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
# The services run from their TypeScript sources.
COPY . .
COPY --from=build /app/conventions/dist conventions/dist
COPY --from=build /app/instrumentation/dist instrumentation/dist
RUN install --directory --owner=node --group=node "$QUOTEL_DATA_DIR"
USER node
EXPOSE 4317 4318 4320
CMD ["npm", "run", "collector"]
