import { isObservable, type Observable } from "rxjs";
import type { OnError, Session, SluiceError } from "../../contract/index.ts";
import { Blaming } from "../chain/blaming.ts";
import { bypassing } from "./bypass.ts";
import { Places, type MeteredStage } from "./places.ts";
import type { CarryHost } from "../operators/carried-states.ts";
import { HookSite } from "../operators/carry-site.ts";
import { Chain } from "../chain/chain.ts";
import type { Crossing, PluginMeter } from "../chain/meter.ts";
import { EachObservable, stagesDownTo } from "../operators/each.ts";
import { blamed, faultOf, isAnswer, noChunk } from "../chain/fault.ts";
import { isPromise } from "../chain/is-promise.ts";
import { Root } from "../chain/root.ts";

/** One plugin's byte hook for one direction, as a pipeline hands it to a flow. */
export interface ByteHook {
  readonly plugin: string;
  readonly onError: OnError;
  /** The hook never keeps a chunk after the call that delivered it. */
  readonly borrows: boolean;
  /** Counts what the hook does with the data. */
  readonly meter?: PluginMeter | undefined;
  readonly apply: (data: Observable<Buffer>, session: Session) => Observable<Buffer>;
}

/** The owner of operators. */
export interface OperatorsOwner {
  readonly session: Session;
  /** A plugin is bypassed from now on. */
  flowFault(plugin: string, error: SluiceError): void;
}

/** What a flow runs its chunks through: nothing, one composed function, or RxJS operators. */
export interface Operators {
  /** All stages as one chain, if each of them is an `each`; then `root` and `output` are not used. */
  readonly chain: Chain | undefined;
  readonly root: Root;
  readonly output: Observable<Buffer>;
  /** The place where chunks reach the first plugin; undefined: nothing is counted. */
  readonly entry: Crossing | undefined;
  /** Where each plugin's chunks can be watched, when there is no chain. */
  readonly stages: readonly MeteredStage[];
  /** The plugins that use plain RxJS operators. */
  readonly raw: readonly string[];
  /** Whether chunks that plain RxJS operators have not answered are remembered, to bypass these operators when they fail (onError "bypass"). */
  readonly keeps: boolean;
  /** Whether no hook keeps a chunk after the call that delivered it. */
  readonly borrows: boolean;
  /** Whether a hook with plain RxJS operators has `borrows`: what it emits by itself may be a chunk that another flow was lent. */
  readonly mayPassOn: boolean;
  /** The places of every `carry` in them. */
  readonly carries: ReadonlySet<string> | undefined;
  /** They may be subscribed to before they are in place. */
  readonly site: HookSite;
}

const none: readonly string[] = [];

/**
 * Calls the hooks of one session and direction, in the order of the data.
 *
 * @param host the flow, if the states of `carry` are to be handed over
 * @throws what a hook with onError "close" throws, with its plugin noted
 */
export function buildOperators(hooks: readonly ByteHook[], owner: OperatorsOwner, host?: CarryHost): Operators {
  const root = new Root();
  const site = new HookSite(host);
  /** The hooks that use plain RxJS operators. */
  const raw: ByteHook[] = [];
  const places = new Places();
  let output: Observable<Buffer> = root;
  for (const hook of hooks) {
    const next = hook.onError === "bypass" ? applyGuarded(hook, output, owner, site) : applyHook(hook, output, owner.session, site);
    // The hook itself has subscribed to its data: such an observer needs the chunks pushed through the root.
    if (root.observed && raw.length === 0) raw.push(hook);
    if (next === output) continue;
    if (isChainOn(output, next, hook.plugin)) output = next;
    else {
      if (raw.at(-1) !== hook) raw.push(hook);
      output = new Blaming(next, hook.plugin);
    }
    places.add(output as unknown as MeteredStage, hook.meter);
  }
  places.end();
  return {
    chain: raw.length === 0 ? new Chain(stagesDownTo(output, root).steps, places.first) : undefined,
    entry: places.first,
    stages: places.stagesOf(output, raw.length > 0),
    root,
    output,
    raw: raw.length === 0 ? none : raw.map(({ plugin }) => plugin),
    keeps: raw.some(({ onError }) => onError === "bypass"),
    borrows: allBorrow(hooks),
    mayPassOn: raw.some(({ borrows }) => borrows),
    carries: site.keys,
    site,
  };
}

/** Whether a hook added nothing but `each` stages to its data; notes the plugin on them. Runs for every session: no arrays. */
function isChainOn(data: Observable<Buffer>, result: Observable<Buffer>, plugin: string): boolean {
  let at: Observable<unknown> = result;
  while (at !== data && at instanceof EachObservable) {
    at.plugin ??= plugin;
    at = at.input;
  }
  return at === data;
}

function applyHook(hook: ByteHook, data: Observable<Buffer>, session: Session, site: HookSite): Observable<Buffer> {
  let result: Observable<Buffer>;
  try {
    result = site.call(hook.plugin, hook.apply, data, session);
  } catch (error) {
    throw blamed(error, hook.plugin);
  }
  if (isObservable(result)) return result;
  // The promise itself is the fault: its rejection must not end the process too.
  if (isPromise<unknown>(result)) Promise.resolve(result).catch(() => undefined);
  throw blamed(noChunk(result, "a byte hook must return the Observable it made of its data, and returned"), hook.plugin);
}

/** With onError "bypass" a plugin's part is run separately, so that it can be taken out of a live session. */
function applyGuarded(hook: ByteHook, data: Observable<Buffer>, owner: OperatorsOwner, site: HookSite): Observable<Buffer> {
  const failed = (error: unknown): void => {
    owner.flowFault(hook.plugin, faultOf(hook.plugin, error));
  };
  try {
    return bypassing(data, (inner) => applyHook(hook, inner, owner.session, site), {
      failed,
      held: () => site.abandon(hook.plugin),
      wait: (work) => site.wait(work),
    });
  } catch (error) {
    if (isAnswer(error)) throw blamed(error, hook.plugin);
    failed(error);
    return data;
  }
}

function allBorrow(hooks: readonly ByteHook[]): boolean {
  for (const { borrows } of hooks) if (!borrows) return false;
  return true;
}
