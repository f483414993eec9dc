import {
  reasonOf,
  SluiceError,
  type CloseOptions,
  type EarlyUpstream,
  type Limits,
  type ServerTlsOptions,
  type Session,
  type SessionAttempt,
  type SessionRecord,
  type SessionTls,
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
import { Opening, type Opened } from "./opening.ts";
import { recordOf } from "./session-record.ts";
import type { SessionHost } from "./session-host.ts";
import { nextId } from "./session-ids.ts";
import { carried } from "./carried.ts";
import { SessionFlows, type SwapFault } from "./session-flows.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

/**
 * One client's passage: opened (TLS hello, admit, connect), then two flows, then one end. Every way out leads to `#finish`, once, when
 * both legs are closed.
 */
export class LiveSession extends ObservedSession implements Opened, FlowOwner {
  readonly id = nextId();
  readonly startedAt = Date.now();
  /** Where it stands in the set of open sessions, -1: nowhere, it has ended; the set's own. */
  slot = -1;
  /** It could not follow a reload; its listener's own. */
  behind = false;
  /** Who counts it for `limits.sessionsPerClient`; the count's own. */
  countedBy: ClientCount | undefined;
  tls: SessionTls | undefined;
  readonly #pipelines: HeldPipelines;
  /** Undefined before its upstream leg is open. */
  #flows: SessionFlows | undefined;
  /** That its upstream leg was opened to. */
  #endpoint: string | undefined;
  #opening: Opening | undefined;
  #error: SluiceError | undefined;
  #ending = false;
  /** It ends once its flows have delivered what they hold. */
  #finishing: Finishing | undefined;
  #finished = false;
  #openLegs = 1;
  #notes: Map<string, unknown> | undefined;
  #aborter: AbortController | undefined;

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

  flow(direction: "fromClient" | "fromUpstream"): Flow | undefined {
    return this.#flows?.[direction];
  }

  /** A lasting flow of datagrams goes elsewhere when its endpoint dies. */
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

  /** Everything that ever arrived, for the idle sweep: a number that grows while the session lives. */
  get activity(): number {
    return (this.#flows?.chunks ?? 0) + (this.relay?.chunks ?? 0);
  }

  open(): void {
    this.#opening = new Opening(this, this.accepted);
    this.#opening.start(this.pipeline.pipeline.handshakeTimeout ?? this.owner.handshakeTimeout);
    // It may have failed at once, before there was anything to give up.
    if (this.#ending) this.#opening.close();
  }

  /** @param plugin whose fault it is, if any's */
  openFailed(error: SluiceError, plugin: string | undefined): void {
    if (plugin !== undefined) this.owner.fault(plugin, error, this);
    this.fail(error);
  }

  async startTls(options: ServerTlsOptions): Promise<SessionTls> {
    if (this.#flows !== undefined) throw new SluiceError("SLUICE_INTERNAL", "startTls belongs into the admit hook");
    const tls = await this.handshake(options, this.#opening?.handshakeLeft(options.handshakeTimeout));
    this.accepted.leg.onClosed = this.#legClosed;
    this.tls = { serverName: this.tls?.serverName, alpn: this.tls?.alpn ?? [], ...tls };
    this.timeline?.mark("tls", { version: tls.version, protocol: tls.protocol, resumed: tls.resumed });
    return this.tls;
  }

  async openUpstream(): Promise<EarlyUpstream> {
    if (this.#opening === undefined) throw new SluiceError("SLUICE_INTERNAL", "openUpstream belongs into the admit hook");
    return new EarlyLeg(await this.#opening.openUpstream());
  }

  close(error = new SluiceError("SLUICE_CLOSED", "closed by a plugin"), { how, flush = false }: CloseOptions = {}): void {
    if (this.#ending || this.#finishing !== undefined) return;
    if (flush && this.#flows !== undefined) this.#finishEarly(this.#flows, error, how ?? (endsQuietly(error, true) ? "fin" : "reset"));
    else this.fail(error, how);
  }

  /** Has something done to it that a commit asks for: what fails there, in a plugin's own leg say, costs this session alone. */
  undergo(work: (session: LiveSession) => void): void {
    try {
      work(this);
    } catch (error) {
      this.fail(new SluiceError("SLUICE_INTERNAL", `a reload could not take the session along: ${reasonOf(error)}`, { cause: error }));
    }
  }

  /** Asks it to end as soon as it can, which only plugins that answer know how to. */
  retire(): void {
    this.#flows?.upstream.retire?.();
  }

  /** Whether it goes where its listener says, to one of these endpoints; one that has not chosen may choose any. */
  isAt(endpoints: ReadonlySet<string>): boolean {
    return endpoints.size > 0 && this.retargeted === undefined && (this.upstream === undefined || endpoints.has(this.upstream));
  }

  /** Its listener has another upstream now, and it stays where it is. */
  upstreamReplaced(): void {
    if (this.retargeted === undefined) this.#flows?.upstream.replaced?.();
  }

  /** Takes another pipeline's byte hooks, keeping both legs. @returns the fault of a hook that keeps it on its own, if one does */
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
  }

  flowFault(plugin: string, error: SluiceError): void {
    this.owner.fault(plugin, error, this);
  }

  /**
   * Ends the session. A reset or a failure of one side is a reset of the other: a clean FIN would pass for the end of the data. A
   * session that never reached its upstream, or that was idle, is closed.
   * @param how where somebody says how
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
    endLeg(this.accepted.leg, quietly, this.#legFailed);
    endLeg(upstream, quietly, this.#legFailed);
    this.#aborter?.abort(this.#error);
  }

  /** The session's one record. */
  record(): SessionRecord {
    const phase = this.#flows?.fromClient === undefined ? (this.#opening?.phase ?? "admit") : "flow";
    const { startedAt } = this;
    const reason = this.#error?.code ?? "closed";
    return recordOf(this, { startedAt, reason, phase, attempts: this.#opening?.attempts, relay: this.relay?.record() });
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

  #finishEarly({ both, legs }: SessionFlows, error: SluiceError, how: "fin" | "reset"): void {
    this.#error = error;
    this.#finishing = new Finishing(both, legs, how, () => {
      this.fail(error, how);
    });
    this.#finishing.start();
  }

  readonly #legFailed = (error: unknown): void => {
    this.owner.warning(`a leg of a plugin could not be closed: ${reasonOf(error)}`);
    this.#legClosed();
  };

  readonly #legClosed = (): void => {
    this.#openLegs -= 1;
    if (this.#openLegs === 0) this.#finish();
  };

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
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
