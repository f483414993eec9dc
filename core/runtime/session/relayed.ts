import { SluiceError, type DatagramRelayOptions, type Datagrams } from "../../contract/index.ts";
import { faultOf } from "../../flow/chain/fault.ts";
import { Relay } from "../../net/relay/relay.ts";
import { LiveSession } from "./live-session.ts";
import type { SessionHost } from "./session-host.ts";

/** For each listener, the number of relays that are open or being opened. */
const open = new WeakMap<SessionHost<LiveSession>, number>();

/** The value of DATAGRAMS for one plugin use. @param plugin the name of the use */
export function datagramsOf(plugin: string): Datagrams {
  return {
    async relay(session, options) {
      if (!(session instanceof LiveSession)) throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", "a relay belongs to a session of the proxy");
      return openRelay(session, guarded(plugin, session, options));
    },
  };
}

async function openRelay(session: LiveSession, options: DatagramRelayOptions): Promise<Relay> {
  const { client, local, owner, signal } = session;
  if (client.family === "unix" || local.family === "unix")
    throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", `${String(client)}: the client of a unix socket has no address to send datagrams from`);
  if (session.relay !== undefined) throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", "relay was called twice for one session");
  const others = open.get(owner) ?? 0;
  const most = session.limits.udpSessions;
  if (others >= most)
    throw new SluiceError("SLUICE_LIMIT_UDP_SESSIONS", `${String(client)}: the listener has its ${most} relays of datagrams`);
  open.set(owner, others + 1);
  const leave = (): void => void open.set(owner, (open.get(owner) ?? 1) - 1);
  try {
    const relay = await Relay.open(
      { client, local, way: () => session.relayWay, dropped: (datagrams) => owner.dropped(datagrams, "relay") },
      options,
    );
    session.relay = relay;
    const end = (): void => {
      relay.close();
      leave();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    session.timeline?.mark("relaying", { at: String(relay.local) });
    return relay;
  } catch (error) {
    leave();
    throw error;
  }
}

/** Wraps a plugin's functions: an error that one throws counts as the plugin's fault, and ends the session. */
function guarded(plugin: string, session: LiveSession, options: DatagramRelayOptions): DatagramRelayOptions {
  const guard = (call: () => SluiceError | void): SluiceError | undefined => {
    try {
      return call() ?? undefined;
    } catch (error) {
      const fault = faultOf(plugin, error);
      session.flowFault(plugin, fault);
      session.fail(fault);
      return fault;
    }
  };
  return {
    fromClient: (datagram, relay) => guard(() => options.fromClient(datagram, relay)),
    fromTarget: (datagram, target, relay) => guard(() => options.fromTarget(datagram, target, relay)),
    refuse: (address, target) => guard(() => options.refuse?.(address, target)),
    ...(options.clientPort === undefined ? {} : { clientPort: options.clientPort }),
  };
}
