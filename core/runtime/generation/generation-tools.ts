import type { Logger, Metrics, Shared, SluiceError, SocketAddress } from "../../contract/index.ts";
import type { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import type { MeterOf } from "../../pipeline/pipeline.ts";

/** What is needed to build a generation. */
export interface GenerationTools {
  /** The generation's number. */
  readonly number: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly shared: Shared;
  /** Which of several processes this is. */
  readonly worker?: number | undefined;
  /** The state of endpoints, which all generations share. */
  readonly health: HealthBook;
  /** Called when there are new endpoints to check. */
  readonly checksChanged: () => void;
  /** Rebuild every pipeline, changed or not. */
  readonly rebuild: boolean;
  /** The place in the author's own source where an error came from. */
  readonly locate: (error: unknown) => string | undefined;
  /** The address that a listener is bound to, when it is bound. */
  local(listener: string): SocketAddress | undefined;
  /** The address of the admin server, if there is one. */
  admin(): SocketAddress | undefined;
  fault(listener: string, plugin: string, error: SluiceError): void;
  /** The meter that counts what a plugin use does to data. */
  meter(listener: string, ...use: Parameters<MeterOf>): ReturnType<MeterOf>;
}
