import { reasonOf, type Size } from "../../contract/index.ts";
import { checkMax, checkOptions } from "../../contract/options/arguments.ts";
import { fieldOf, wrongBody, type HttpMessage } from "./message.ts";
import { wholeBody } from "./whole-body.ts";

/** Options of {@link bodyText} and {@link bodyJson}. */
export interface BodyOptions {
  /** The most bytes of the body, both as received and decoded: a number, or a text such as `"64KiB"`. @default "1MiB" */
  readonly max?: Size | undefined;
}

/**
 * The body of a request or a response as a text: decoded (gzip, deflate, br, and zstd where Node has it) and in the charset that Content-Type
 * names (else UTF-8). The body stays in the message, and is sent unchanged. Empty when there is no body.
 *
 * @throws SLUICE_HTTP_REQUEST (for a request), SLUICE_UPSTREAM_PROTOCOL (for a response): more than `max` bytes, or not in the named coding;
 * SLUICE_PLUGIN_ARGUMENT: a wrong option
 * @example exchange: (attempt, request) => from(bodyText(request)).pipe(switchMap((text) => (text.includes("secret") ? of(respond(403)) : attempt)))
 */
export async function bodyText(message: HttpMessage, options: BodyOptions = {}): Promise<string> {
  checkOptions("bodyText", options, ["max"] satisfies (keyof BodyOptions)[]);
  const bytes = await wholeBody(message, checkMax("bodyText", options.max));
  const [, charset = "utf-8"] = /;\s*charset="?([^\s";]+)/i.exec(fieldOf(message.headers, "content-type") ?? "") ?? [];
  return decoderOf(charset).decode(bytes);
}

/**
 * The same, parsed as JSON.
 * @throws the errors of {@link bodyText}, also when the body is not JSON
 */
export async function bodyJson<T = unknown>(message: HttpMessage, options: BodyOptions = {}): Promise<T> {
  const text = await bodyText(message, options);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw wrongBody(message, `the body is no JSON: ${reasonOf(error)}`, error);
  }
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset);
  } catch {
    // An unknown name: most bodies are UTF-8, whatever they claim.
    return new TextDecoder();
  }
}
