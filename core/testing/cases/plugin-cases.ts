import { type Direction, type PluginUse, SluiceError } from "../../contract/index.ts";
import { bytesOf, type Bytes } from "../values/bytes.ts";
import { refuseUnknown } from "../values/known-keys.ts";

/** Input or output: bytes, or chunks, which are not cut differently when borders matter. */
export type CaseBytes = Bytes | readonly Bytes[];

interface AnyCase<O> {
  /** The plugin's options. @default none */
  readonly options?: O;
  /**
   * The hook to test. @default `passes`: every byte hook of the plugin. `changes` and `closes`: the only hook; with two hooks `fromClient`, and also
   * `fromUpstream` if it does what the case says
   */
  readonly direction?: Direction;
  /** The title of the test. @default made from the bytes */
  readonly name?: string;
}

/** An input that must come out unchanged. */
export interface PassingCase<O> extends AnyCase<O> {
  /** The input, which is also the output. */
  readonly bytes: CaseBytes;
}

/** An input, and the output that it must have. */
export interface ChangingCase<O> extends AnyCase<O> {
  /** The input. */
  readonly from: CaseBytes;
  /** The output. */
  readonly to: CaseBytes;
}

/** An input that must end the session. */
export interface ClosingCase<O> extends AnyCase<O> {
  /** The input. */
  readonly bytes: CaseBytes;
  /** The code with which the session ends, such as `SLUICE_RATE_LIMITED`, or a code of the plugin's own. */
  readonly code: string;
}

/** A table of cases: what a plugin must do. `O` is the plugin's options; a table without options needs none. */
export interface PluginCases<O = never> {
  /** Inputs that pass unchanged. */
  readonly passes?: readonly (Bytes | PassingCase<O>)[];
  /** Inputs that are changed. */
  readonly changes?: readonly ChangingCase<O>[];
  /** Options that must be refused. */
  readonly rejects?: readonly unknown[];
  /** Inputs that end the session. */
  readonly closes?: readonly ClosingCase<O>[];
}

/** A case with its values as Buffers. */
export interface ReadCase {
  readonly kind: "passes" | "changes" | "closes";
  readonly options: unknown;
  readonly direction: Direction | undefined;
  readonly name: string | undefined;
  readonly from: readonly Buffer[];
  /** The expected output; nothing for `closes`. */
  readonly to: readonly Buffer[];
  readonly code: string | undefined;
}

const keysOf = {
  passes: ["bytes", "options", "direction", "name"],
  changes: ["from", "to", "options", "direction", "name"],
  closes: ["bytes", "code", "options", "direction", "name"],
} as const;

const kinds = ["passes", "changes", "rejects", "closes"];

const call = "testPlugin(factory, cases)";

/** Makes a use of the plugin with options. */
export type Factory = (options: never) => PluginUse;

/**
 * Reads a table. @throws SLUICE_TEST_INVALID for an unknown key, and for a table without a case; SLUICE_TEST_BYTES
 */
export function readCases(cases: PluginCases<unknown>): { readonly cases: readonly ReadCase[]; readonly rejects: readonly unknown[] } {
  if (typeof cases !== "object" || cases === null) throw invalid("cases", "expected { passes, changes, rejects, closes }");
  refuseUnknown(cases, kinds, `${call}: cases`);
  const { passes = [], changes = [], rejects = [], closes = [] } = cases;
  const read = [
    ...passes.map((each, at) => readCase("passes", isBytes(each) ? { bytes: each } : each, `passes[${at}]`)),
    ...changes.map((each, at) => readCase("changes", each, `changes[${at}]`)),
    ...closes.map((each, at) => readCase("closes", each, `closes[${at}]`)),
  ];
  if (read.length + rejects.length === 0) throw invalid("cases", "there is no case in it, so nothing would be tested");
  return { cases: read, rejects };
}

function readCase(kind: keyof typeof keysOf, given: AnyCase<unknown>, place: string): ReadCase {
  if (typeof given !== "object" || given === null) throw invalid(place, `expected { ${keysOf[kind].join(", ")} }`);
  refuseUnknown(given, keysOf[kind], `${call}: ${place}`);
  const { options, direction, name, bytes, from, to, code } = given as Partial<
    PassingCase<unknown> & ChangingCase<unknown> & ClosingCase<unknown>
  >;
  if (direction !== undefined && direction !== "fromClient" && direction !== "fromUpstream")
    throw invalid(place, `direction must be "fromClient" or "fromUpstream", got ${JSON.stringify(direction)}`);
  if (kind === "closes" && typeof code !== "string")
    throw invalid(place, 'expected the code that the session ends with, such as "SLUICE_RATE_LIMITED"');
  const input = kind === "changes" ? chunksOf(from, `${place}.from`) : chunksOf(bytes, `${place}.bytes`);
  const output = kind === "changes" ? chunksOf(to, `${place}.to`) : input;
  return { kind, options, direction, name, from: input, to: output, code };
}

function chunksOf(value: CaseBytes | undefined, place: string): Buffer[] {
  if (Array.isArray(value)) return (value as readonly Bytes[]).map((chunk, at) => bytesOf(chunk, `${place}[${at}]`));
  return [bytesOf(value as Bytes, place)];
}

function isBytes(value: unknown): value is Bytes {
  return typeof value !== "object" || value === null || value instanceof Uint8Array;
}

function invalid(place: string, detail: string): SluiceError {
  return new SluiceError("SLUICE_TEST_INVALID", `${call}: ${place}: ${detail}`);
}
