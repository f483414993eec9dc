import { defineConfig } from "sluice";
import { logging } from "sluice/plugins";

/** Given by the Deployment. */
const { ADMIN_TOKEN, POD_IP = "127.0.0.1", UPSTREAM = "127.0.0.1:3000" } = process.env;

export default defineConfig({
  plugins: [logging()],
  // Probes and Prometheus come to the address of the pod.
  admin: { listen: "tcp://0.0.0.0:9900", ...(ADMIN_TOKEN === undefined ? {} : { token: ADMIN_TOKEN }), hosts: [POD_IP], metrics: "open" },
  // Together less than terminationGracePeriodSeconds.
  shutdown: { delay: "10s", quiet: "2s" },
  timeouts: { drain: "30s" },
  listeners: {
    // All interfaces: those of the pod.
    web: { listen: "tcp://0.0.0.0:8080", upstream: UPSTREAM },
  },
});
