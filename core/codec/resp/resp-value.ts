/**
 * A value of RESP2 or RESP3 (Redis serialization protocol). The value `null` means RESP2's null bulk string or null array; RESP3 has a type
 * of its own for null. Integers beyond 2^53 are bigints. `inline` is a command written as a line, without the line end.
 */
export type RespValue =
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "error"; readonly value: string }
  | { readonly type: "inline"; readonly value: string }
  | { readonly type: "bulk"; readonly value: Buffer | null }
  | { readonly type: "bulk-error"; readonly value: Buffer }
  | { readonly type: "verbatim"; readonly format: string; readonly value: Buffer }
  | { readonly type: "integer"; readonly value: number | bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "big-number"; readonly value: bigint }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "null" }
  | { readonly type: "array"; readonly value: readonly RespValue[] | null }
  | { readonly type: "set"; readonly value: readonly RespValue[] }
  | { readonly type: "push"; readonly value: readonly RespValue[] }
  | { readonly type: "map"; readonly value: readonly RespPair[] }
  /** Attributes in front of the value `of`. */
  | { readonly type: "attribute"; readonly value: readonly RespPair[]; readonly of: RespValue };

/** A key of a map and its value. */
export type RespPair = readonly [key: RespValue, value: RespValue];
