import type { SocketAddress } from "../addresses/address.ts";
import type { SessionFacts } from "../upstream/session-facts.ts";

/**
 * A session as it is seen for one of its requests, whose client may be another: a trusted proxy in front carries the requests of many clients over
 * one connection. Functions of a config, such as a `key` or a `hash`, then need only ask for `session.client`. This is a Proxy object, because a
 * session's getters work only on the session itself.
 */
export function withClient<S extends SessionFacts>(session: S, client: SocketAddress | undefined): S {
  if (client === undefined || client === session.client) return session;
  return new Proxy(session, {
    get(target, name): unknown {
      if (name === "client") return client;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
