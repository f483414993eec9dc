import { defineConfig } from "sluice";
import { capture } from "sluice/plugins";

export default defineConfig({
  listeners: {
    web: { listen: "tcp://127.0.0.1:8080", upstream: "localhost:3000", plugins: [capture({ file: "web.pcapng" })] },
  },
});
