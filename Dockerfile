# Untested: see docs/deploy/docker.md
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# esbuild's binary is an optional dependency: build first, drop what only building needs afterwards
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
COPY --from=build /app /app
RUN mkdir -p /data /secret && chown node: /data && chown node: /secret && chmod 700 /secret
USER node
ENV NODE_ENV=production
EXPOSE 8000
CMD ["node", "dist/main.js"]
