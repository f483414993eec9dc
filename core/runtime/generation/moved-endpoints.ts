import type { ResolvedListener } from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";

/** What a new upstream is to the open flows of a UDP listener, which may live for as long as their clients send. */
export interface MovedEndpoints {
  /** Those that flows have to leave: they are gone, or datagrams leave in another way. */
  readonly gone: ReadonlySet<string>;
  /** There are others to choose from. */
  readonly isOther: boolean;
}

/** How endpoints are chosen and judged concerns only flows to come. */
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
