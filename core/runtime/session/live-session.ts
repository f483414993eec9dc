import {
  type CloseOptions,
  closingError,
  type Direction,
  type EarlyUpstream,
  type Leg,
  type Limits,
  reasonOf,
  type ServerTlsOptions,
  type Session,
  type SessionAttempt,
  type SessionRecord,
  type SessionTls,
  SluiceError,
  type Traffic,
  type Transport,
  type Upstream,
} from "../../contract/index.ts";
import type { Flow } from "../../flow/pump/flow.ts";
import type { FlowOwner } from "../../flow/pump/flow-owner.ts";
import type { ClientCount } from "./client-count.ts";
import type { AcceptedClient } from "../../net/accept/accepted-client.ts";
import { EarlyLeg } from "../../net/legs/early-upstream.ts";
import { endLeg, endsQuietly, leftInPeace } from "./ending.ts";
import { Finishing } from "./finishing.ts";
import { HeldPipelines } from "./held-pipelines.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";
import { ObservedSession } from "./observed-session.ts";
import { Opening, type OpeningSession } from "./opening.ts";
import { recordOf } from "./session-record.ts";
import type { SessionHost } from "./session-host.ts";
import { nextId } from "./session-ids.ts";
import { carried } from "./carried.ts";
import { SessionFlows, type SwapFault } from "./session-flows.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

/** One client's session: it opens (TLS hello, admit, connect), has two flows, and ends. All ends lead to `#finish`, once, when both legs are closed. */
export class LiveSession extends ObservedSession implements OpeningSession, FlowOwner {
  readonly id = nextId();
  readonly startedAt = Date.now();
  /** Its index in the set of open sessions, or -1 after its end. Only the set changes it. */
  slot = -1;
  /** It could not follow a reload. Only its listener changes it. */
  behind = false;
  /** The count that it belongs to, for `limits.sessionsPerClient`. Only the count changes it. */
  countedBy: ClientCount | undefined;
  tls: SessionTls | undefined;
  readonly #pipelines: HeldPipelines;
  /** Undefined before its upstream leg is open. */
  #flows: SessionFlows | undefined;
  /** The endpoint that its upstream leg was opened to. */
  #endpoint: string | undefined;
  #opening: Opening | undefined;
  #error: SluiceError | undefined;
  #ending = false;
  /** Set while it ends after its flows have delivered what they hold. */
  #finishing: Finishing | undefined;
  #openLegs = 1;
  #notes: Map<string, unknown> | undefined;
  #aborter: AbortController | undefined;
  readonly #legClosed = this.#legIsClosed.bind(this);

  constructor(
    accepted: AcceptedClient,
    readonly version: ListenerVersion,
    /** The listener that it belongs to. */
    readonly owner: SessionHost<LiveSession>,
  ) {
    super(accepted);
    this.#pipelines = new HeldPipelines(version.pipeline);
    accepted.leg.onClosed = this.#legClosed;
  }

  get listener(): string {
    return this.version.config.name;
  }

  get transport(): Transport {
    return this.version.config.address.transport;
  }

  get datagrams(): boolean {
    return this.accepted.leg.datagrams;
  }

  get generation(): number {
    return this.pipeline.generation;
  }

  get pipeline(): LivePipeline {
    return this.#pipelines.current;
  }

  get session(): Session {
    return this;
  }

  get limits(): Limits {
    return this.owner.limits;
  }

  get fromClient(): Traffic {
    return carried(this.relay?.fromClient, this.#flows?.fromClient);
  }

  get fromUpstream(): Traffic {
    return carried(this.relay?.fromUpstream, this.#flows?.fromUpstream);
  }

  flow(direction: Direction): Flow | undefined {
    return this.#flows?.[direction];
  }

  /** The endpoint in use. A long UDP flow moves to another one when its endpoint dies. */
  get upstream(): string | undefined {
    return this.#flows?.upstream.endpoint ?? this.#endpoint;
  }

  get attemptsMade(): readonly SessionAttempt[] | undefined {
    return this.#opening?.attempts?.made;
  }

  get notes(): Map<string, unknown> {
    return (this.#notes ??= new Map());
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#ending) this.#aborter.abort(this.#error);
    return this.#aborter.signal;
  }

  open(): void {
    const opening = new Opening(this, this.accepted);
    this.#opening = opening;
    opening.start(this.pipeline.pipeline.handshakeTimeout ?? this.owner.handshakeTimeout);
    // It may have failed during `start`, before `opening` had anything to give up.
    if (this.#ending) opening.close();
  }

  /** @param plugin the plugin that failed, if it was one */
  openFailed(error: SluiceError, plugin: string | undefined): void {
    if (plugin !== undefined) this.owner.fault(plugin, error, this);
    this.fail(error);
  }

  async startTls(options: ServerTlsOptions): Promise<SessionTls> {
    if (this.#flows !== undefined) throw new SluiceError("SLUICE_INTERNAL", "startTls belongs into the admit hook");
    const tls = await this.handshake(options, this.#opening?.handshakeLeft(options.handshakeTimeout), this.clientWire);
    this.accepted.leg.onClosed = this.#legClosed;
    this.tls = { serverName: undefined, alpn: [], versions: [], ...this.tls, ...tls };
    this.timeline?.mark("tls", { version: tls.version, protocol: tls.protocol, resumed: tls.resumed });
    return this.tls;
  }

  async openUpstream(): Promise<EarlyUpstream> {
    if (this.#opening === undefined) throw new SluiceError("SLUICE_INTERNAL", "openUpstream belongs into the admit hook");
    this.isOpenedEarly = true;
    return new EarlyLeg(await this.#opening.openUpstream());
  }

  close(given?: SluiceError, { how, flush = false }: CloseOptions = {}): void {
    if (this.#ending || this.#finishing !== undefined) return;
    const error = closingError(given);
    if (flush && this.#flows !== undefined) this.#finishEarly(this.#flows, error, how ?? (endsQuietly(error, true) ? "fin" : "reset"));
    else this.fail(error, how);
  }

  /** Does the work of a commit on this session. An error there, for example in a plugin's own leg, ends only this session. */
  undergo(work: (session: LiveSession) => void): void {
    try {
      work(this);
    } catch (error) {
      this.fail(new SluiceError("SLUICE_INTERNAL", `a reload could not take the session along: ${reasonOf(error)}`, { cause: error }));
    }
  }

  /** Asks it to end as soon as it can. Only the leg of a plugin that answers knows how. */
  retire(): void {
    this.#flows?.upstream.retire?.();
  }

  /** Whether it uses the listener's upstream, at one of these endpoints. A session without an endpoint yet counts too: it may choose any. */
  isAt(endpoints: ReadonlySet<string>): boolean {
    return endpoints.size > 0 && this.retargeted === undefined && (this.upstream === undefined || endpoints.has(this.upstream));
  }

  /** A reload has changed its listener's upstream, and the session stays at its endpoint. */
  upstreamReplaced(): void {
    if (this.retargeted === undefined) this.#flows?.upstream.replaced?.();
  }

  /** Changes to another pipeline's byte hooks, on the same legs. @returns the fault of a hook that threw: then it stays on its pipeline */
  swapTo(next: LivePipeline): SwapFault | undefined {
    if (this.#ending || next === this.pipeline) return undefined;
    const swap = this.#flows?.prepareSwap(next.pipeline);
    if (typeof swap === "object") {
      this.owner.swapped(this, swap);
      return swap;
    }
    this.#pipelines.replace(next);
    this.remember();
    this.watchersChanged();
    swap?.();
    this.flowSwapped();
    this.followTimeline();
    this.timeline?.mark("swapped", { generation: next.generation });
    this.owner.swapped(this, undefined);
    return undefined;
  }

  flowSwapped(): void {
    this.#finishing?.flowDone();
    if (this.#flows?.working === false) this.#pipelines.releaseLeft();
    if (this.#flows !== undefined && this.#finishing === undefined && this.endsNow) this.#finishEarly(this.#flows, undefined, "fin");
  }

  flowFault(plugin: string, error: SluiceError, source?: Leg): void {
    const direction = source === this.accepted.leg ? "fromClient" : "fromUpstream";
    this.owner.fault(plugin, error, this, source && direction);
  }

  /**
   * Ends the session. After a reset or a failure of one side the other side gets a reset, as a FIN would look like the end of the data. A session
   * that never reached its upstream, or that was idle, is closed with a FIN.
   * @param how overrides that choice
   */
  fail(error: SluiceError, how?: CloseOptions["how"]): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#finishing?.stop();
    const upstream = this.#flows?.upstream;
    this.#error ??= leftInPeace(error, upstream) ? undefined : error;
    this.remember();
    this.#opening?.close();
    this.#flows?.stop();
    const quietly = how === undefined ? endsQuietly(error, upstream !== undefined) : how === "fin";
    endLeg(this.accepted.leg, quietly, this);
    endLeg(upstream, quietly, this);
    this.#aborter?.abort(this.#error);
  }

  /** The session's record. */
  record(): SessionRecord {
    const phase = this.#flows?.fromClient === undefined ? (this.#opening?.phase ?? "admit") : "flow";
    const { startedAt } = this;
    return recordOf(this, { startedAt, error: this.#error, phase, attempts: this.#opening?.attempts, relay: this.relay?.record() });
  }

  /** The upstream leg is open: the flows begin. */
  opened({ endpoint, leg }: Upstream): void {
    if (this.#ending) return void leg.destroy();
    this.timeline?.mark("connected", { endpoint });
    this.#endpoint = endpoint;
    this.#openLegs += 1;
    leg.onClosed = this.#legClosed;
    const flows = new SessionFlows(this.accepted.leg, leg);
    this.#flows = flows;
    flows.make(this.pipeline.pipeline, this);
    this.#pipelines.releaseLeft();
    if (!this.#ending) flows.start();
  }

  openingDone(): void {
    this.#opening = undefined;
  }

  #finishEarly({ both, legs }: SessionFlows, error: SluiceError | undefined, how: "fin" | "reset"): void {
    this.#error = error;
    this.#finishing = new Finishing(both, legs, how, () => {
      if (error !== undefined) this.fail(error, how);
      else for (const leg of legs) endLeg(leg, true, this);
    });
    // Without an error it is a normal end, which cuts off no data: only `timeouts.idle` limits a slow reader.
    this.#finishing.start(error === undefined ? Infinity : undefined);
  }

  legFailed(error: unknown): void {
    this.owner.warning(`a leg of a plugin could not be closed: ${reasonOf(error)}`);
    this.#legClosed();
  }

  #legIsClosed(): void {
    this.#openLegs -= 1;
    if (this.#openLegs === 0) this.#finish();
  }

  #finish(): void {
    this.#ending = true;
    this.#finishing?.stop();
    if (this.#flows === undefined)
      this.#error ??= new SluiceError("SLUICE_CLIENT_RESET", `${String(this.client)} left before it was served`);
    this.#opening?.close();
    this.#flows?.stop();
    this.#aborter?.abort(this.#error);
    this.markEnd(this.#error);
    this.owner.ended(this, this.#error);
    this.#pipelines.releaseAll();
  }
}
