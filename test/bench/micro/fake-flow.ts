import type { MonoTypeOperatorFunction } from "rxjs";
import type { Leg, Session } from "../../../core/contract/index.ts";
import { Flow } from "../../../core/flow/pump/flow.ts";
import type { ByteHook } from "../../../core/flow/pump/operators.ts";

/** A leg that takes everything at once and has nothing to say. */
function idleLeg(): Leg {
  return {
    datagrams: false,
    borrows: true,
    records: false,
    gather: false,
    pending: 0,
    lend: false,
    onDrain: undefined,
    onClosed: undefined,
    read: () => undefined,
    resume: () => undefined,
    write: () => true,
    end: () => undefined,
    reset: () => undefined,
    destroy: () => undefined,
  };
}

/** So many hooks of one stage. */
export function hooks(count: number, stage: () => MonoTypeOperatorFunction<Buffer>): ByteHook[] {
  return Array.from({ length: count }, (_, index) => ({
    plugin: `stage-${index + 1}`,
    onError: "close",
    borrows: true,
    records: false,
    gather: false,
    apply: (data) => data.pipe(stage()),
  }));
}

/** A flow between two legs that are no sockets: what a chunk costs in it. */
export function fakeFlow(given: readonly ByteHook[]): (chunk: Buffer) => unknown {
  const ignore = (): void => undefined;
  const flow = new Flow(
    idleLeg(),
    idleLeg(),
    {
      session: {} as Session,
      limits: { sessions: 1, sessionsPerClient: 1, udpSessions: 1, bufferPerFlow: 4 * 1024 * 1024, swapTimeout: 5000 },
      flowSwapped: ignore,
      fail: ignore,
      flowFault: ignore,
      flowWarning: ignore,
      flowDropped: ignore,
    },
    given,
  );
  return (chunk) => flow.data(chunk);
}
