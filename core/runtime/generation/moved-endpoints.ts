import type { ResolvedListener } from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";

/** What a new upstream means for the open flows of a UDP listener, which live as long as their clients send. */
export interface MovedEndpoints {
  /** Endpoints that flows have to leave: they are gone, or datagrams are sent to them in another way (`bind`, `proxyProtocol`). */
  readonly gone: ReadonlySet<string>;
  /** Whether the choice of endpoints has changed. */
  readonly isOther: boolean;
}

/**
 * Compares the upstreams of a listener before and after a reload. Options for choosing and judging endpoints do not count, as they apply only to new
 * flows.
 */
export function movedEndpoints(before: ResolvedListener, after: ResolvedListener): MovedEndpoints {
  const [old, now] = [before.upstream, after.upstream];
  if (old === undefined || !transportOf(after.address).datagrams) return { gone: new Set(), isOther: false };
  const sameWay = old.bind === now?.bind && old.proxyProtocol === now?.proxyProtocol;
  const [were, are] = [namesOf(old), namesOf(now)];
  const gone = new Set(sameWay ? [...were].filter((name) => !are.has(name)) : were);
  return { gone, isOther: gone.size > 0 || are.size > were.size };
}

function namesOf(upstream: ResolvedListener["upstream"]): ReadonlySet<string> {
  return new Set(upstream?.endpoints.map(({ text }) => text));
}
