import type { ChunkEvent } from "../../admin/events/session-tap.ts";
import type { SessionView } from "../../admin/sessions/session-view.ts";
import { overridesText } from "../output/behind-text.ts";
import { onOneLine } from "../output/show-error.ts";
import { bytesText } from "../../contract/errors/bytes-text.ts";
import { padded } from "../output/text-width.ts";
import { durationText, timeText } from "../output/units.ts";
import type { Terminal } from "../output/terminal.ts";
import { beforeDump, hexLines, preview } from "./bytes.ts";
import type { WatchEvent } from "./events.ts";
import { fit } from "./fit.ts";

export interface SessionLinesOptions {
  /** Hex dumps instead of one line of text. */
  readonly hex: boolean;
  readonly colors: Terminal["colors"];
  /** The current width of the terminal. */
  readonly columns: () => number;
}

const arrows = { fromClient: "→", fromUpstream: "←" } as const;
const sources = { fromClient: "client", fromUpstream: "upstream" } as const;
/** Widths of the place (client, upstream or a plugin), and of everything before the text of a chunk: time, session, arrow, place and size. */
const PLACE = 14;
const BEFORE_TEXT = 53;
/** The place of a dump, where there is room. */
const DUMP = 24;

/** Prints the events of sessions as lines. A chunk has one line where it came in, and one for each plugin that changed it. */
export class SessionLines {
  constructor(private readonly options: SessionLinesOptions) {}

  of(event: WatchEvent): string[] {
    if (event.type === "chunk") return this.#chunk(event.data);
    if (event.type === "session-started") return [this.#started(event.data)];
    if (event.type === "session-ended") return [this.#ended(event.data)];
    const { colors } = this.options;
    const time = timeText(Date.now());
    if (event.type === "dropped")
      return [colors.yellow(`${time}  dropped ${event.data.dropped} events: they came faster than they could be shown`)];
    const text = proxyText(event);
    return text === undefined ? [] : [colors.cyan(`${time}  ${text}`)];
  }

  #started({ id, listener, client, startedAt }: SessionView): string {
    const { colors } = this.options;
    return `${this.#head(startedAt, id)} ${colors.green("+")} ${colors.bold(listener)} ${client}`;
  }

  #ended({ id, listener, startedAt, durationMs, reason, message, ...session }: SessionView & { readonly message?: string }): string {
    const { colors } = this.options;
    const { upstream, fromClient, fromUpstream } = session;
    const why =
      reason === "closed" ? "closed" : colors.red(`${String(reason)}${message === undefined ? "" : `: ${message.split("\n")[0]}`}`);
    const lasted = durationMs < 10_000 ? `${Math.round(durationMs)} ms` : durationText(durationMs);
    const carried = `→ ${bytesText(fromClient.bytes)}, ← ${bytesText(fromUpstream.bytes)}`;
    const to = upstream === undefined ? "" : ` to ${upstream}`;
    return `${this.#head(startedAt + durationMs, id)} ${colors.red("-")} ${colors.bold(listener)}${to} after ${lasted}, ${carried}, ${why}`;
  }

  #chunk(chunk: ChunkEvent): string[] {
    const { session, direction, at, plugin, bytes, same } = chunk;
    // A plugin that did not change the chunk has no line.
    if (plugin !== undefined && same) return [];
    const { colors } = this.options;
    const paint = direction === "fromClient" ? colors.cyan : colors.magenta;
    const place = padded(plugin ?? sources[direction], PLACE);
    const size = (bytes === undefined ? "dropped" : bytesText(bytes)).padStart(10);
    const head = `${this.#head(at, session)} ${paint(arrows[direction])} ${plugin === undefined ? place : colors.bold(place)} ${size}`;
    const [beside, below] = this.#content(chunk);
    const indent = " ".repeat(beforeDump(DUMP, this.options.columns()));
    return [beside === undefined ? head : `${head}  ${beside}`, ...below.map((line) => `${indent}${colors.dim(line)}`)];
  }

  /** The content of a chunk: the text after its line, and the lines below it. */
  #content({ bytes, data, messages }: ChunkEvent): readonly [string | undefined, readonly string[]] {
    const { hex, columns } = this.options;
    if (bytes === undefined || data === undefined) return [undefined, []];
    const shown = Buffer.from(data, "base64");
    if (hex) return [undefined, hexLines(shown, bytes, columns())];
    const room = Math.max(20, columns() - BEFORE_TEXT);
    // The messages of its codec tell more than its bytes.
    return [messages === undefined || messages.length === 0 ? preview(shown, room) : fit(messages.join("  "), room), []];
  }

  #head(at: number, session: number): string {
    return `${this.options.colors.dim(timeText(at))} ${String(session).padStart(7)}`;
  }
}

function proxyText({ type, data }: WatchEvent): string | undefined {
  if (type === "reloaded") return `reloaded generation ${data.generation}${overridesText(data.overrides)}`;
  if (type === "refused") return `refused: ${onOneLine(data.error.message)}`;
  if (type === "endpoint-down" || type === "endpoint-up")
    return `${data.listener}: ${data.endpoint} is ${type === "endpoint-up" ? "up" : "down"}`;
  return undefined;
}
