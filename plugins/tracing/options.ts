import { z } from "zod";

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

export const optionsSchema = z.object({
  sample: z.number().min(0).max(1).optional(),
  endpoint: z.string().refine(isHttp, { error: 'expected "http://host:port" or "https://host:port"' }).transform(tracesUrl).optional(),
});

export type TracingOptions = z.output<typeof optionsSchema>;

/** The path of traces is added as it is to OTEL_EXPORTER_OTLP_ENDPOINT, unless it is there. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}
