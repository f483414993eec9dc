import { defineConfig } from "sluice";
import { logging, rateLimit } from "sluice/plugins";
import { redis } from "sluice/redis";

const { REDIS_URL = "redis://127.0.0.1:6379", UPSTREAM = "127.0.0.1:3000" } = process.env;

export default defineConfig({
  plugins: [logging()],
  timeouts: { drain: "30s" },
  listeners: {
    web: {
      // All interfaces: those of the container.
      listen: "tcp://0.0.0.0:8080",
      upstream: UPSTREAM,
      // Over both proxies together. Without Redis each has the half of it.
      plugins: [rateLimit({ connections: { rate: 20, per: "1s", burst: 40 }, store: redis({ url: REDIS_URL, share: 2 }) })],
    },
  },
});
