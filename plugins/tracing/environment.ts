import { SluiceError } from "sluice";

const protocols = ["http/protobuf", "http/json"] as const;
export type OtlpProtocol = (typeof protocols)[number];

/** Settings from OpenTelemetry's environment variables that its SDK does not read itself. */
export interface Environment {
  /** Whether OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none is set. */
  readonly isDisabled: boolean;
  readonly protocol: OtlpProtocol;
  /** Whether OTEL_PROPAGATORS has `tracecontext`, which is its default. */
  readonly propagates: boolean;
  /** OTEL_BSP_MAX_QUEUE_SIZE: the most spans that wait for the collector. */
  readonly maxWaiting: number;
  /** OTEL_BSP_SCHEDULE_DELAY: milliseconds that a span waits to be sent together with others. The SDK's default of 5 s is too long for developers. */
  readonly delayMs: number;
  /** OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT or OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: the most characters of one value. Clients choose the length of paths. */
  readonly maxValue: number;
}

/**
 * Reads the variables. According to the specification, an empty variable counts as not set.
 * @throws SLUICE_CONFIG_INVALID for an exporter or a protocol that is not supported
 */
export function readEnvironment(): Environment {
  const exporters = list("OTEL_TRACES_EXPORTER") ?? ["otlp"];
  const unknown = exporters.find((exporter) => exporter !== "otlp" && exporter !== "none");
  if (unknown !== undefined) throw invalid("OTEL_TRACES_EXPORTER", 'expected "otlp" or "none"', unknown);
  return {
    isDisabled: read("OTEL_SDK_DISABLED")?.toLowerCase() === "true" || exporters.includes("none"),
    protocol: readProtocol(),
    propagates: list("OTEL_PROPAGATORS")?.includes("tracecontext") ?? true,
    maxWaiting: positive("OTEL_BSP_MAX_QUEUE_SIZE", 2_048),
    delayMs: positive("OTEL_BSP_SCHEDULE_DELAY", 1_000),
    maxValue: positive("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", positive("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 4_096)),
  };
}

function readProtocol(): OtlpProtocol {
  const asked = read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? read("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
  const protocol = protocols.find((each) => each === asked);
  if (protocol === undefined) throw invalid("OTEL_EXPORTER_OTLP_PROTOCOL", `expected "${protocols.join('" or "')}"`, asked);
  return protocol;
}

function read(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === "" ? undefined : value;
}

function list(name: string): string[] | undefined {
  return read(name)
    ?.split(",")
    .map((part) => part.trim().toLowerCase());
}

function positive(name: string, otherwise: number): number {
  const number = Number(read(name));
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

function invalid(variable: string, expected: string, got: string): SluiceError {
  return new SluiceError("SLUICE_CONFIG_INVALID", `tracing(): ${variable}: ${expected}, got ${JSON.stringify(got)}`);
}
