import type { OperatorFunction } from "rxjs";
import { each } from "../../flow/operators/each.ts";
import type { Codec } from "../framing/codec.ts";

/** An operator from messages to bytes. */
export function encoded<M>(codec: Codec<M>): OperatorFunction<M, Buffer> {
  return each((message: M) => codec.encode(message));
}
