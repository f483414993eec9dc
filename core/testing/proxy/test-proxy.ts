import type { SessionRecord } from "../../contract/index.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { ConnectOptions, TestClient } from "../client/test-client.ts";
import type { WaitOptions } from "../values/wait.ts";
import type { LogRecord } from "./kept-log.ts";
import type { OneListener, TestProxyConfig } from "./test-config.ts";

/** Options of close() of a proxy in a test. */
export interface CloseOptions {
  /** Rejects with SLUICE_TEST_LEFT_OPEN if sessions, or clients from `connect`, are still open; the error names them. @default false */
  readonly strict?: boolean;
}

/** A proxy in this process, for one test. */
export interface TestProxy extends AsyncDisposable {
  /** The proxy itself, for everything else: `events`, `sessions`, `plan`. */
  readonly proxy: Proxy;
  /** The port of a listener; without a name, of the only listener. @throws SLUICE_TEST_LISTENER */
  port(listener?: string): number;
  /** The address of a listener, with the bound port: `tcp://127.0.0.1:40123`. @throws SLUICE_TEST_LISTENER */
  url(listener?: string): string;
  /** Opens a client to a listener; it is closed with the proxy, if not before. @throws SLUICE_TEST_LISTENER, or the errors of `connectTo` */
  connect(listener?: string, options?: ConnectOptions): Promise<TestClient>;
  /** Reloads with another config, of either form, while sessions are open. @throws the error that refused it; then nothing changes */
  apply(config: TestProxyConfig | OneListener): Promise<ReloadReport>;
  /** The records of the sessions that have ended, in order: the last 10,000. */
  readonly records: readonly SessionRecord[];
  /** The record of the next session that ends. Each is returned once, also one that had ended before the call. @throws SLUICE_TEST_TIMEOUT */
  nextRecord(options?: WaitOptions): Promise<SessionRecord>;
  /** The log so far, from level debug on: the last 10,000 records. They are not printed. */
  readonly log: readonly LogRecord[];
  /**
   * Ends all sessions and clients, and tears the plugins down. Further calls do nothing.
   * @throws SLUICE_TEST_LEFT_OPEN with `strict` when something was open; it is closed anyway
   */
  close(options?: CloseOptions): Promise<void>;
}
