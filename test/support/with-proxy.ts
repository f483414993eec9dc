import { pino } from "pino";
import { filter, firstValueFrom } from "rxjs";
import { createProxy, definePlugin } from "sluice";
import type { EndReason, FunctionPlugin, PluginUse, Proxy, ProxyEvent, SessionRecord, SluiceConfig, UseOptions } from "sluice";
import { bounded } from "./bounded.ts";

type EventOf<T extends ProxyEvent["type"]> = Extract<ProxyEvent, { type: T }>;

/** A proxy under test, with everything that it announced. */
export interface TestProxy extends AsyncDisposable {
  readonly proxy: Proxy;
  readonly events: readonly ProxyEvent[];
  /** The TCP or UDP port of a listener; without a name, of the only one. */
  readonly port: (listener?: string) => number;
  /** The events of a type so far. */
  readonly all: <T extends ProxyEvent["type"]>(type: T) => EventOf<T>[];
  /** The first event of a type that was or will be announced and passes `wanted`. */
  readonly event: <T extends ProxyEvent["type"]>(type: T, wanted?: (event: EventOf<T>) => boolean, within?: number) => Promise<EventOf<T>>;
  /** The record of the first session that ended (with that reason). */
  readonly ended: (reason?: EndReason, within?: number) => Promise<SessionRecord>;
}

/** Starts a silent proxy; the caller closes it: `cleanup.keep(await startProxy(config))`. */
export async function startProxy(config: SluiceConfig): Promise<TestProxy> {
  const proxy = await createProxy(config, { logger: pino({ level: "silent" }) });
  const events: ProxyEvent[] = [];
  proxy.events.subscribe((event) => events.push(event));
  const all = <T extends ProxyEvent["type"]>(type: T): EventOf<T>[] => events.filter((event): event is EventOf<T> => event.type === type);
  const event: TestProxy["event"] = (type, wanted = () => true, within) => {
    const seen = all(type).find(wanted);
    if (seen !== undefined) return Promise.resolve(seen);
    const coming = proxy.events.pipe(
      filter((each): each is EventOf<typeof type> => each.type === type && wanted(each as EventOf<typeof type>)),
    );
    const first = firstValueFrom(coming);
    // Nobody waits any more when the proxy is closed without it.
    first.catch(() => undefined);
    return bounded(first, `the event "${type}"`, within);
  };
  return {
    [Symbol.asyncDispose]: () => proxy.close(),
    proxy,
    events,
    all,
    event,
    port: (listener = Object.keys(proxy.listeners)[0] ?? "") => proxy.listeners[listener]?.address.port ?? 0,
    async ended(reason, within) {
      return (await event("session-ended", ({ record }) => reason === undefined || record.reason === reason, within)).record;
    },
  };
}

/** A use of a plugin made of these hooks, for one test: it counts as changed at every call, as edited code does. */
export function plugin(id: string, hooks: FunctionPlugin, options: UseOptions = {}): PluginUse {
  return definePlugin(id, () => hooks)(options);
}
