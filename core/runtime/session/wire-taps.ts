import type { TappedWire, WireTap } from "../../contract/index.ts";
import { GuardedWatcher } from "../version/guarded-watcher.ts";
import type { WireWatcher } from "../version/pipeline-taps.ts";

/** Those that watch one connection below TLS, as one; undefined: nobody does. */
export function wireTapOf(wire: TappedWire, watchers: readonly WireWatcher[]): Required<WireTap> | undefined {
  const begun = watchers
    .map(({ begin, report }) => GuardedWatcher.begin(() => begin(wire), "a tap", report))
    .filter((watcher) => watcher !== undefined);
  if (begun.length === 0) return undefined;
  const all = (call: (tap: WireTap) => void): void => {
    for (const watcher of begun) watcher.tell(call);
  };
  return {
    received: (chunk) => all((tap) => tap.received?.(chunk)),
    sent: (chunk) => all((tap) => tap.sent?.(chunk)),
    ended: () => all((tap) => tap.ended?.()),
    finished: () => all((tap) => tap.finished?.()),
    secret: (line) => all((tap) => tap.secret?.(line)),
    closed: () => all((tap) => tap.closed?.()),
  };
}
