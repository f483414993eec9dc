import { z } from "zod";

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

export const optionsSchema = z.object({
  sample: z.number().min(0).max(1).optional(),
  endpoint: z.string().refine(isHttp, { error: 'expected "http://host:port" or "https://host:port"' }).transform(tracesUrl).optional(),
});

export type TracingOptions = z.output<typeof optionsSchema>;

/** Adds the path of traces, as the SDK does for OTEL_EXPORTER_OTLP_ENDPOINT, unless the URL ends with it. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}
