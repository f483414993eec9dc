import { defineConfig } from "sluice";
import { logging } from "sluice/plugins";

const { UPSTREAM = "127.0.0.1:3000" } = process.env;

export default defineConfig({
  plugins: [logging()],
  listeners: {
    // All interfaces: those of the container.
    web: { listen: "tcp://0.0.0.0:8080", upstream: UPSTREAM },
  },
});
