import { asSluiceError, SluiceError, type TrialView } from "../../../contract/index.ts";
import { Feed } from "../../../admin/events/feed.ts";
import type { Measured } from "../../../admin/metrics/measured.ts";
import type { Call, Operation, SavableProxy } from "../../../admin/operations/operation.ts";
import { checkedInput, followingNamed, savingNamed, steeringNamed } from "../../../admin/operations/operations.ts";
import type { SteerableProxy } from "../../../admin/operations/steered.ts";
import { Saves } from "../../../admin/saving/saves.ts";
import type { SessionView } from "../../../admin/sessions/session-view.ts";
import type { AnswerSource } from "../../../admin/server/answer-source.ts";
import type { ListenerView } from "../../../admin/views/listener-view.ts";
import type { ReloadReport } from "../../../runtime/generation/reload-plan.ts";
import type { LiveConfig } from "../../../runtime/proxy/live-config.ts";
import type { Steering } from "../../../runtime/proxy/steering.ts";
import { merges, mergedListeners, type Answers } from "./merged-answers.ts";
import { hostOfWorkers } from "./host-of-workers.ts";
import { CountersOfWorkers } from "./counters-of-workers.ts";
import { feedOf } from "./feed-of-workers.ts";
import { LastCounts } from "./last-counts.ts";
import { mergedMetrics } from "./merged-metrics.ts";
import { ANSWER_MS } from "../../wire/worker-channel.ts";
import type { ProxyOfWorkers } from "../proxy/proxy-of-workers.ts";
import { answeredBy } from "./answered-by.ts";

/** Milliseconds for an operation on a session: the longest `watch` of one, and its answer. */
const OWNER_MS = 35_000;

type Worker = ProxyOfWorkers["workers"]["serving"][number];

/** Answers operations for all workers together, as one proxy would. */
export class AnswersOfWorkers implements AnswerSource, SteerableProxy, SavableProxy {
  #feed: Feed | undefined;
  #saves: Saves | undefined;
  readonly #lastCounts = new LastCounts();
  readonly #counters = new CountersOfWorkers();

  constructor(
    readonly proxy: ProxyOfWorkers,
    readonly config: LiveConfig<ProxyOfWorkers>,
  ) {}

  get generation(): number {
    return this.proxy.generation;
  }

  get isReady(): boolean {
    return !this.proxy.isClosing && !this.config.isLeaving;
  }

  async perform(asked: Operation, input: unknown, call: Call = {}): Promise<unknown> {
    const checked = checkedInput(asked, input);
    const { name } = asked;
    const by = answeredBy(asked);
    if (by === "first") return (steeringNamed(name) ?? savingNamed(name))?.handle(this, checked, call);
    if (by === "follow") return followingNamed(name)?.handle(this, checked, call);
    if (by === "refused") throw new SluiceError("SLUICE_ADMIN_CONFLICT", `${name} is not there with several workers`);
    if (by === "merge") return this.#merged(name, checked);
    return whoKnows(await this.#ask(name, input, by === "owner" ? OWNER_MS : ANSWER_MS));
  }

  /** The events, for readers. */
  get feed(): Feed {
    return (this.#feed ??= new Feed(feedOf(this.proxy)));
  }

  /** The files that traffic is written to. */
  get saves(): Saves {
    return (this.#saves ??= new Saves(hostOfWorkers(this.proxy)));
  }

  async listenerOf(session: number): Promise<string> {
    const { listener, state } = whoKnows(await this.#ask("read_session", { id: session })) as SessionView;
    if (state === "open") return listener;
    throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `session ${session} has ended`);
  }

  async measure(): Promise<readonly Measured[]> {
    const answers = new Map(told(await Promise.allSettled(this.proxy.workers.serving.map(measured))));
    return mergedMetrics([...answers.values()], this.proxy, this.#lastCounts.besides(answers));
  }

  async steer(work: (steering: Steering) => Promise<ReloadReport>): Promise<ReloadReport> {
    try {
      return await this.config.steer(work);
    } catch (error) {
      if (SluiceError.is(error) && error.code.startsWith("SLUICE_ADMIN_")) throw error;
      throw this.proxy.refuse(error);
    }
  }

  async listener(name: string): Promise<ListenerView> {
    const answers = await this.#ask("listener", { listener: name });
    return mergedListeners([whoKnows(answers), ...told(answers).slice(1)] as ListenerView[]);
  }

  trial(): Promise<TrialView | undefined> {
    return this.proxy.trial();
  }

  async sessionsOfGenerations(): Promise<ReadonlyMap<number, number>> {
    const all = await Promise.allSettled(this.proxy.workers.serving.map((worker) => worker.channel.call("generations")));
    const sum = new Map<number, number>();
    for (const [generation, count] of told(all).flatMap((each) => [...each])) sum.set(generation, (sum.get(generation) ?? 0) + count);
    return sum;
  }

  begin(): void {
    this.proxy.look(true);
  }

  rest(): void {
    this.proxy.look(false);
  }

  async #merged(name: string, checked: Readonly<Record<string, unknown>>): Promise<unknown> {
    const input = name === "list_sessions" ? await this.#placed(checked) : checked;
    const asked = this.proxy.workers.serving;
    const answers = await this.#ask(name, input);
    const workers = asked.filter((_worker, index) => answers[index]?.status === "fulfilled");
    return await merges[name]?.(answered(answers), { proxy: this.proxy, input: checked, workers, counters: this.#counters });
  }

  /** A page with the time where it begins: the id that the page before ended with says nothing to the other workers. */
  async #placed(page: Readonly<Record<string, unknown>>): Promise<object> {
    const { after, before } = page;
    if (after === undefined || before !== undefined) return page;
    const known = told(await this.#ask("read_session", { id: after })) as SessionView[];
    return known[0] === undefined ? page : { ...page, before: known[0].startedAt };
  }

  #ask(name: string, input: unknown, milliseconds = ANSWER_MS): Promise<Answers> {
    return Promise.allSettled(this.proxy.workers.serving.map((worker) => worker.channel.ask(milliseconds, "perform", name, input)));
  }
}

async function measured(worker: Worker): Promise<[Worker, readonly Measured[]]> {
  return [worker, await worker.channel.call("measure")];
}

function told<T>(answers: readonly PromiseSettledResult<T>[]): T[] {
  return answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

/** The answers of the workers that have answered. @throws the error, if all have rejected */
function answered(answers: Answers): unknown[] {
  const values = told(answers);
  return values.length > 0 || answers.length === 0 ? values : [whoKnows(answers)];
}

/** The answer of the worker that has the session; the others do not know it. @throws that worker's error, else the error of all */
function whoKnows(answers: Answers): unknown {
  const done = answers.find((each) => each.status === "fulfilled");
  if (done !== undefined) return done.value;
  const reasons = answers.flatMap((each) => (each.status === "rejected" ? [asSluiceError(each.reason)] : []));
  const known = reasons.find(({ code }) => code !== "SLUICE_ADMIN_UNKNOWN" && code !== "SLUICE_WORKER_LOST");
  throw known ?? reasons[0] ?? new SluiceError("SLUICE_WORKER_LOST", "no worker serves at this moment");
}
