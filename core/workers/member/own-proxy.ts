import { SluiceError } from "../../contract/index.ts";
import { Live } from "../../admin/operations/live.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";

const none: ReadonlyMap<string, Listener> = new Map();

/** The proxy of this worker: there is none before its first generation. */
export class OwnProxy {
  #live: Live | undefined;

  set(proxy: Proxy): void {
    this.#live = new Live(proxy, undefined);
  }

  get proxy(): Proxy | undefined {
    return this.#live?.proxy;
  }

  /** What operations work on. @throws SLUICE_NOT_RUNNING */
  get live(): Live {
    if (this.#live === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the worker is starting");
    return this.#live;
  }

  get listeners(): ReadonlyMap<string, Listener> {
    return this.proxy?.inner.listeners ?? none;
  }
}
