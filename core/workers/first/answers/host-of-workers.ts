import type { SaveHost } from "../../../admin/saving/save-host.ts";
import type { ProxyOfWorkers } from "../proxy/proxy-of-workers.ts";

/** The traffic of all workers together, to be saved as that of one proxy. */
export function hostOfWorkers(proxy: ProxyOfWorkers): SaveHost {
  return {
    get config() {
      return proxy.steering.config;
    },
    get listeners() {
      return Object.keys(proxy.listeners);
    },
    lifecycle: proxy.lifecycle,
    arrivals: proxy.arrivals,
    write: (file, order) => proxy.shared.saves.write(file, order),
  };
}
