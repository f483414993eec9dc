// One request per connection, one JSON line each way: {"command":"status","input":{…}} → {"ok":true,"result":…} or {"ok":false,"error":{…}}.
// A stream is answered with {"ok":true}, followed by a line of JSON for each event.

/** An error on the wire. Its properties are texts if a proxy has sent it; anything else may send anything. */
export interface WireError {
  readonly code: string;
  readonly message: unknown;
  readonly frame?: unknown;
}

/** What a proxy answers. */
export type ControlAnswer = { readonly ok: true; readonly result?: unknown } | { readonly ok: false; readonly error: WireError };
