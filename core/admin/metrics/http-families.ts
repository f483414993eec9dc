import { several } from "./each-listener.ts";
import type { Family } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

const name = "http_server_request_duration_seconds";

/** The metrics of listeners with `http()`, under OpenTelemetry's names (semantic conventions 1.44, HTTP metrics). */
export const httpFamilies: readonly Family[] = [
  {
    name,
    type: "histogram",
    help: "How long HTTP requests took, by their method and the status that the client was sent (0: none); beyond 32 pairs, _OTHER.",
    labels: ["listener", "http_request_method", "http_response_status_code"],
    read: (proxy) =>
      several(proxy, ({ counts }) =>
        [...counts.requests.all].flatMap(({ method, status, durations }) =>
          histogramSamples(name, durations).map((sample) => ({
            ...sample,
            labels: { http_request_method: method, http_response_status_code: status, ...sample.labels },
          })),
        ),
      ),
  },
];
