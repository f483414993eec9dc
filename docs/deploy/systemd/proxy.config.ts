import { defineConfig } from "sluice";
import { http, logging, tlsTermination } from "sluice/plugins";

export default defineConfig({
  plugins: [logging()],
  timeouts: { drain: "30s" },
  listeners: {
    web: { listen: "fd://web", plugins: [http({ routes: [{ upstream: "127.0.0.1:3000" }] })] },
    secure: {
      listen: "fd+tls://secure",
      plugins: [
        tlsTermination({ cert: "/etc/sluice/cert.pem", key: "/etc/sluice/key.pem", alpn: ["h2", "http/1.1"] }),
        http({ routes: [{ upstream: "127.0.0.1:3000" }] }),
      ],
    },
  },
});
