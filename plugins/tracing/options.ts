import { z } from "zod";
import { EXPECTED_URL, isHttpUrl } from "./environment.ts";

export const optionsSchema = z.object({
  sample: z.number().min(0).max(1).optional(),
  endpoint: z.string().refine(isHttpUrl, { error: EXPECTED_URL }).transform(tracesUrl).optional(),
});

export type TracingOptions = z.output<typeof optionsSchema>;

/** Adds the path of traces, as the SDK does for OTEL_EXPORTER_OTLP_ENDPOINT, unless the URL ends with it. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}
