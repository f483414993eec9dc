import type { ProxyEvent, SluiceError } from "../../contract/index.ts";
import type { AcceptedClient } from "../../net/accept/accepted-client.ts";
import { ListenerCounts } from "./listener-counts.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";

/** Why something was dropped. Datagrams: no room in operators, upstream not open yet, refused by a relay; or chunks of `inject()`. */
export type Dropped = "buffer" | "opening" | "inject" | "relay";

const whyDropped: Readonly<Record<Dropped, string>> = {
  buffer: "operators hold limits.bufferPerFlow",
  opening: "the upstream is not open yet",
  inject: "inject() met limits.bufferPerFlow",
  relay: "a relay does not let them through",
};

/** Reports what happens on a listener: counts it for the listener and for the proxy, and publishes it to a pipeline and to the proxy's readers. */
export class ListenerReports {
  readonly counts = new ListenerCounts();

  constructor(
    private readonly listener: string,
    private readonly state: ProxyState,
  ) {}

  started(session: LiveSession): void {
    this.state.opened.inc();
    this.counts.sessions += 1;
    if (!this.#isRead(session.pipeline)) return;
    session.remember();
    this.#publish(session.pipeline, { type: "session-started", listener: this.listener, session });
  }

  ended(session: LiveSession, error: SluiceError | undefined): void {
    this.state.closed.inc();
    this.counts.ended(session, error?.code ?? "closed");
    if (!this.#isRead(session.pipeline)) return;
    this.#publish(session.pipeline, { type: "session-ended", listener: this.listener, record: session.record(), error });
  }

  /** @param pipeline that of the next session */
  refused(from: AcceptedClient | undefined, error: SluiceError, pipeline: LivePipeline): void {
    this.state.refused.inc();
    this.counts.refused += 1;
    if (!this.#isRead(pipeline)) return;
    const client = from === undefined ? undefined : String(from.address());
    this.#publish(pipeline, { type: "session-refused", listener: this.listener, client, error });
  }

  dropped(chunks: number, what: Dropped): void {
    const { dropped, injectedDropped, hub } = this.state;
    (what === "inject" ? injectedDropped : dropped).inc(chunks);
    if (what === "inject") this.counts.injectedDropped += chunks;
    else this.counts.dropped[what] += chunks;
    hub.sessions.next({ type: "dropped", listener: this.listener, datagrams: chunks, why: whyDropped[what] });
  }

  swapped(session: LiveSession): void {
    this.counts.swaps += 1;
    this.state.hub.sessions.next({ type: "swapped", listener: this.listener, session, generation: session.generation });
  }

  swapFailed(): void {
    this.counts.swapsFailed += 1;
    this.state.swapsFailed.inc();
  }

  /** Whether anybody reads the events of sessions: without readers none are made. */
  #isRead({ events }: LivePipeline): boolean {
    return events.observed || this.state.hub.sessions.observed;
  }

  #publish({ events }: LivePipeline, event: ProxyEvent): void {
    events.next(event);
    this.state.hub.sessions.next(event);
  }
}
