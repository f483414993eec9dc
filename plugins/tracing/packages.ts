import { SluiceError } from "sluice";
import type { OtlpProtocol } from "./environment.ts";

/** The versions that work together and on Node 20. */
const versions = {
  "@opentelemetry/api": "1.9",
  "@opentelemetry/core": "2",
  "@opentelemetry/resources": "2",
  "@opentelemetry/sdk-trace-base": "2",
  "@opentelemetry/exporter-trace-otlp-proto": "0.223",
  "@opentelemetry/exporter-trace-otlp-http": "0.223",
} as const;

/** The used parts of OpenTelemetry. */
export interface OpenTelemetry {
  readonly api: typeof import("@opentelemetry/api");
  readonly core: typeof import("@opentelemetry/core");
  readonly resources: typeof import("@opentelemetry/resources");
  readonly sdk: typeof import("@opentelemetry/sdk-trace-base");
  readonly exporter: Pick<typeof import("@opentelemetry/exporter-trace-otlp-proto"), "OTLPTraceExporter">;
}

/**
 * Loads the packages of OpenTelemetry. They are optional peer dependencies, loaded only when tracing is configured.
 * @throws SLUICE_PACKAGE_MISSING
 */
export async function loadOpenTelemetry(protocol: OtlpProtocol): Promise<OpenTelemetry> {
  try {
    const [api, core, resources, sdk, exporter] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/core"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-trace-base"),
      protocol === "http/json" ? import("@opentelemetry/exporter-trace-otlp-http") : import("@opentelemetry/exporter-trace-otlp-proto"),
    ]);
    return { api, core, resources, sdk, exporter };
  } catch (error) {
    throw new SluiceError("SLUICE_PACKAGE_MISSING", `tracing() needs OpenTelemetry: ${installLine(protocol)}`, { cause: error });
  }
}

function installLine(protocol: OtlpProtocol): string {
  const other = protocol === "http/json" ? "@opentelemetry/exporter-trace-otlp-proto" : "@opentelemetry/exporter-trace-otlp-http";
  const wanted = Object.entries(versions).filter(([name]) => name !== other);
  return `npm install ${wanted.map(([name, version]) => `${name}@${version}`).join(" ")}`;
}
