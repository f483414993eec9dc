import { reasonOf, size, type Size } from "../../contract/index.ts";
import { fieldOf, wrongBody, type HttpMessage } from "./message.ts";
import { wholeBody } from "./whole-body.ts";

/** How {@link bodyText} and {@link bodyJson} read. */
export interface BodyOptions {
  /** Bytes at most, as they came and decoded. @default "1MiB" */
  readonly max?: Size | undefined;
}

/**
 * The body of a request or a response as a text: decoded (gzip, deflate, br, and zstd where Node has it) and in the charset that Content-Type
 * names (else UTF-8). The body stays in the message, and is sent as it came. Empty where there is none.
 *
 * @throws SLUICE_HTTP_REQUEST (a request's), SLUICE_UPSTREAM_PROTOCOL (a response's): more than `max`, or not in the coding that it names
 * @example exchange: (attempt, request) => from(bodyText(request)).pipe(switchMap((text) => (text.includes("secret") ? of(respond(403)) : attempt)))
 */
export async function bodyText(message: HttpMessage, { max = "1MiB" }: BodyOptions = {}): Promise<string> {
  const bytes = await wholeBody(message, size().parse(max));
  const [, charset = "utf-8"] = /;\s*charset="?([^\s";]+)/i.exec(fieldOf(message.headers, "content-type") ?? "") ?? [];
  return decoderOf(charset).decode(bytes);
}

/**
 * The same, parsed as JSON.
 * @throws what {@link bodyText} does, also where it is no JSON
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
    // A name that nobody knows: most bodies are UTF-8 whatever they say.
    return new TextDecoder();
  }
}
