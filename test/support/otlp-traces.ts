/** One span, as a collector was told of it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 2: server, 3: client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  /** 2: an error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly durationMs: number;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** Fields of a message by their numbers: what is nested is bytes. */
type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

/** Reads an ExportTraceServiceRequest in protobuf's wire format (opentelemetry-proto 1.9, trace.proto and common.proto). */
export function tracesInProtobuf(body: Buffer): ReceivedSpan[] {
  return nested(fieldsOf(body), 1).flatMap((perResource) => {
    const resource = attributesOf(nested(perResource, 1)[0] ?? new Map(), 1);
    return nested(perResource, 2).flatMap((perScope) => nested(perScope, 2).map((span) => spanOf(span, resource)));
  });
}

function spanOf(span: Fields, resource: ReceivedSpan["resource"]): ReceivedSpan {
  const status = nested(span, 15)[0] ?? new Map();
  return {
    traceId: bytes(span, 1).toString("hex"),
    spanId: bytes(span, 2).toString("hex"),
    parentSpanId: bytes(span, 4).toString("hex"),
    name: String(bytes(span, 5)),
    kind: Number(number(span, 6)),
    attributes: attributesOf(span, 9),
    events: nested(span, 11).map((event) => ({ name: String(bytes(event, 2)), attributes: attributesOf(event, 3) })),
    status: { code: Number(number(status, 3)), message: String(bytes(status, 2)) },
    durationMs: Number(number(span, 8) - number(span, 7)) / 1e6,
    resource,
  };
}

function fieldsOf(message: Buffer): Fields {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Buffer => message.subarray(at, (at += length));
  const readers: Readonly<Record<number, () => Buffer | bigint>> = {
    0: varint,
    1: () => take(8).readBigUInt64LE(),
    2: () => take(Number(varint())),
    5: () => BigInt(take(4).readUInt32LE()),
  };
  while (at < message.length) {
    const tag = Number(varint());
    const value = readers[tag & 7]?.();
    if (value === undefined) throw new Error(`wire type ${tag & 7} at ${at}`);
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

function bytes(fields: Fields, at: number): Buffer {
  const [value] = fields.get(at) ?? [];
  return value instanceof Buffer ? value : Buffer.alloc(0);
}

function number(fields: Fields, at: number): bigint {
  const [value] = fields.get(at) ?? [];
  return typeof value === "bigint" ? value : 0n;
}

function nested(fields: Fields, at: number): Fields[] {
  return (fields.get(at) ?? []).map((value) => fieldsOf(value as Buffer));
}

function attributesOf(fields: Fields, at: number): Record<string, unknown> {
  return Object.fromEntries(nested(fields, at).map((pair) => [String(bytes(pair, 1)), valueOf(nested(pair, 2)[0] ?? new Map())]));
}

function valueOf(value: Fields): unknown {
  const [[kind, [first] = []] = []] = value;
  if (kind === 1) return String(first);
  if (kind === 2) return first === 1n;
  if (kind === 3) return Number(BigInt.asIntN(64, first as bigint));
  return undefined;
}

interface JsonPair {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly boolValue?: boolean; readonly intValue?: number | string };
}

interface JsonSpan extends Pick<ReceivedSpan, "traceId" | "spanId" | "name" | "kind"> {
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly JsonPair[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly JsonPair[] }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface JsonTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonPair[] };
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[];
  }[];
}

/** The same in OTLP's JSON. */
export function tracesInJson(body: Buffer): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(String(body)) as JsonTraces;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, name, kind, ...span }) => ({
        traceId,
        spanId,
        parentSpanId: span.parentSpanId ?? "",
        name,
        kind,
        attributes: named(span.attributes),
        events: (span.events ?? []).map((event) => ({ name: event.name, attributes: named(event.attributes ?? []) })),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
        durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
        resource: named(resource.attributes),
      })),
    ),
  );
}

function named(pairs: readonly JsonPair[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value: { stringValue, boolValue, intValue } }) => [
      key,
      stringValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue)),
    ]),
  );
}
