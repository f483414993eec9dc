import type { Duration } from "../../contract/index.ts";
import { refuseUnknown } from "./known-keys.ts";
import { millisecondsOf } from "./read-units.ts";

/** How long a wait of the kit may last. */
export interface WaitOptions {
  /** The time after which a wait gives up: milliseconds, or a text such as "5s". @default the client's own limit: 2 s */
  readonly timeout?: Duration;
}

/**
 * The milliseconds after which a wait gives up.
 *
 * @param usual without a `timeout`
 * @param place the function that got the options, for the message: `read(bytes, options)`
 * @throws SLUICE_TEST_INVALID
 */
export function waitOf(options: WaitOptions | undefined, usual: number, place: string): number {
  refuseUnknown(options, ["timeout"], place);
  return options?.timeout === undefined ? usual : millisecondsOf(options.timeout, `${place}: timeout`);
}
