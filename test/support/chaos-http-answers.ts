import { downloadOf, type HttpAsk } from "./chaos-http-upstream.ts";
import { isPattern } from "./pattern.ts";

/** The requests of one connection, with their numbers. */
export interface ChaosConnection {
  readonly http2: boolean;
  /** The client reads slowly. */
  readonly slow: boolean;
  readonly asks: readonly (readonly [number, HttpAsk])[];
}

/** What a client got for a request. */
export interface Got {
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Whether its end came. */
  readonly whole: boolean;
}

/** What is wrong with what the requests of a connection got. */
export function faultsOf({ asks, http2 }: ChaosConnection, all: ReadonlyMap<number, Got>): string[] {
  // Over HTTP/1 the reset of one request takes the others of its connection with it, also responses that were not read yet.
  const broken = !http2 && asks.some(([, { fate }]) => fate !== "whole");
  return asks.flatMap(([id, given]) => faultOf(id, given, all.get(id), broken || given.fate !== "whole") ?? []);
}

function faultOf(id: number, given: HttpAsk, got: Got | undefined, mayBreak: boolean): string | undefined {
  // A reset may overtake the header, or come before it.
  if (got === undefined || (given.fate === "upstream breaks off" && got.status === 502))
    return mayBreak ? undefined : `request ${id} got nothing`;
  const { status, fields } = got;
  if (status !== 200 || fields["x-ask"] !== String(id)) return `request ${id} got ${status} of ${String(fields["x-ask"])}`;
  const fault = faultOfBody(id, given, got, mayBreak);
  return fault === undefined ? undefined : `the response of request ${id} ${fault}`;
}

function faultOfBody(id: number, given: HttpAsk, got: Got, mayBreak: boolean): string | undefined {
  const { length } = got.body;
  const { size, sum } = wantedOf(id, given);
  if (!isPattern(downloadOf(id), got.body)) return "is not its own";
  if (!got.whole) return mayBreak ? undefined : `ends after ${length} of ${size} bytes`;
  if (length !== size || given.fate === "upstream breaks off") return `looks complete after ${length} of ${size} bytes`;
  return got.trailers["x-sum"] === sum ? undefined : `has the trailers of ${String(got.trailers["x-sum"])}`;
}

function wantedOf(id: number, { method, down, chunked, trailers }: HttpAsk): { readonly size: number; readonly sum: string | undefined } {
  if (method === "HEAD") return { size: 0, sum: undefined };
  return { size: down, sum: trailers && chunked ? String(id) : undefined };
}
