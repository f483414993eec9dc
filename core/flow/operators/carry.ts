import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import { SluiceError } from "../../contract/index.ts";
import { CarriedState } from "./carried-states.ts";
import type { Carry } from "./carry-definition.ts";
import { placeInHook } from "./carry-site.ts";
import type { Stateful } from "../chain/stateful.ts";
import { EachObservable } from "./each.ts";

/**
 * Works on chunks with a state that survives reloads. The state belongs to a session, a direction, the plugin use's name and the place of this
 * `carry` in its hook: a reload hands it to the new generation's `carry` in the same place. Neighbouring `each` and `carry` stages of a live flow
 * run as one composed function; outside a flow it is an ordinary RxJS operator, which calls `end` at completion.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT without `start` or `step`
 * @example data.pipe(carry({ start: () => ({ bytes: 0 }), step: (state, chunk) => ((state.bytes += chunk.length), chunk) }))
 */
export function carry<S>(definition: Carry<S>): MonoTypeOperatorFunction<Buffer> {
  check(definition);
  return (source) => new CarryObservable(source, definition as Carry<unknown>) as unknown as Observable<Buffer>;
}

function check(definition: unknown): void {
  const given = (definition ?? {}) as Readonly<Record<string, unknown>>;
  const missing = (["start", "step"] as const).find((name) => typeof given[name] !== "function");
  if (missing !== undefined) throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", `carry(): ${missing} must be a function`);
}

class CarryObservable extends EachObservable {
  readonly #made: MadeCarry;

  constructor(input: Observable<unknown>, definition: Carry<unknown>) {
    super(input, neverRun);
    this.#made = new MadeCarry(definition);
  }

  override stateful(): Stateful {
    return this.#made.state();
  }
}

/** A `carry` in its hook. An object of its own: its states refer to it, and must not keep the operators for as long as the session. */
class MadeCarry {
  /** What `start` returned when the hook was called. */
  started: { state: unknown } | undefined = undefined;
  readonly #place = placeInHook(this);

  constructor(private readonly definition: Carry<unknown>) {}

  /** Called before anything is swapped: an exception in `start` must be seen while the old operators still run. */
  prepare(): void {
    const place = this.#place;
    if (place !== undefined && place.host.carried.get(place.key) === undefined) this.started = { state: this.definition.start() };
  }

  /** The state of one flow or subscription. */
  state(): CarriedState {
    return new CarriedState(this.definition, this, this.#place);
  }
}

/** Each flow and each subscription runs a state of its own. */
function neverRun(): never {
  throw new Error("a carry runs with a state");
}
