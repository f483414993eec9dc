import type { Listener } from "../../runtime/listener/listener.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { Sample } from "./family.ts";

/** One sample for each listener. */
export function each({ inner }: Proxy, read: (listener: Listener) => number): Sample[] {
  return Array.from(inner.listeners.values(), (listener) => ({ value: read(listener), labels: { listener: listener.name } }));
}

/** Any number of samples for each listener. */
export function several({ inner }: Proxy, read: (listener: Listener) => Iterable<Sample>): Sample[] {
  return [...inner.listeners.values()].flatMap((listener) =>
    Array.from(read(listener), (sample) => ({ ...sample, labels: { listener: listener.name, ...sample.labels } })),
  );
}
