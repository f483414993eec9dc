import type { SessionRecord } from "../../contract/index.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { ConnectOptions, TestClient, WaitOptions } from "../client/test-client.ts";
import type { LogRecord } from "./kept-log.ts";
import type { OneListener, TestProxyConfig } from "./test-config.ts";

export interface CloseOptions {
  /** Rejects with SLUICE_TEST_LEFT_OPEN, which names what was still open: sessions, and clients that `connect` opened. @default false */
  readonly strict?: boolean;
}

/** A proxy in this process, for one test. */
export interface TestProxy extends AsyncDisposable {
  /** The proxy itself, for what stands not here: `events`, `sessions`, `plan`. */
  readonly proxy: Proxy;
  /** The port of a listener; of the only one without a name. @throws SLUICE_TEST_LISTENER */
  port(listener?: string): number;
  /** Its address, with the port that is really bound: `tcp://127.0.0.1:40123`. @throws SLUICE_TEST_LISTENER */
  url(listener?: string): string;
  /** Opens a client to it; what is left of it is closed with the proxy. @throws SLUICE_TEST_LISTENER, or as `connectTo` */
  connect(listener?: string, options?: ConnectOptions): Promise<TestClient>;
  /** Reloads: takes another config, of either form, while sessions are open. @throws what refused it; then everything runs on as before */
  apply(config: TestProxyConfig | OneListener): Promise<ReloadReport>;
  /** The records of the sessions that have ended, in order: the last 10,000. */
  readonly records: readonly SessionRecord[];
  /** The record of the next session that ends. Each is given once, also one that had ended before it was asked for. @throws SLUICE_TEST_TIMEOUT */
  nextRecord(options?: WaitOptions): Promise<SessionRecord>;
  /** What was logged so far, from debug on: the last 10,000 records. Nothing of it is printed. */
  readonly log: readonly LogRecord[];
  /**
   * Ends what is open, and tears the plugins down. Again: nothing.
   * @throws SLUICE_TEST_LEFT_OPEN when `strict` and something was open; it is closed all the same
   */
  close(options?: CloseOptions): Promise<void>;
}
