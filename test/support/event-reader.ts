import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { checkEvent } from "./answer-schema.ts";
import { bounded } from "./bounded.ts";
import type { AdminApi } from "./with-admin.ts";

/** One server-sent event. */
export interface ServerEvent {
  readonly id: number;
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the test names what it expects in it
  readonly data: any;
}

/** Reads `GET events` as a page does, by a request with the token. Each event is compared with its schema. */
export class EventReader {
  readonly events: ServerEvent[] = [];
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #rest = "";
  #look: () => void = () => undefined;

  static async open(api: AdminApi, query: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const reader = new EventReader();
    const opened = new Promise<void>((resolve, reject) => {
      const path = `/api/v1/events?${query}`;
      const asked = request(
        { host: "127.0.0.1", port: api.port, path, headers: { authorization: `Bearer ${api.token}`, ...headers } },
        (response) => {
          reader.#take(response);
          if (response.statusCode === 200) resolve();
          else reject(new Error(`events answered ${response.statusCode}`));
        },
      );
      asked.on("error", reject);
      reader.#request = asked;
      asked.end();
    });
    await bounded(opened, "the stream of events");
    return reader;
  }

  /** The first event of a type, from the beginning, that passes `wanted`. */
  async event(type: string, wanted: (event: ServerEvent) => boolean = () => true): Promise<ServerEvent> {
    const find = (): ServerEvent | undefined => this.events.find((event) => event.type === type && wanted(event));
    const coming = new Promise<ServerEvent>((resolve) => {
      this.#look = () => {
        const found = find();
        if (found !== undefined) resolve(found);
      };
      this.#look();
    });
    return bounded(coming, `the event "${type}" (came: ${this.events.map((event) => event.type).join(" ")})`);
  }

  /** Reads no more for now. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  close(): void {
    this.#request?.destroy();
  }

  #take(response: IncomingMessage): void {
    this.#response = response;
    response.on("error", () => undefined);
    response.setEncoding("utf8").on("data", (text: string) => {
      const parts = (this.#rest + text).split("\n\n");
      this.#rest = parts.pop() ?? "";
      for (const part of parts) if (!part.startsWith(":")) this.events.push(parsed(part));
      this.#look();
    });
  }
}

function parsed(text: string): ServerEvent {
  const fields = Object.fromEntries(text.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
  const event: ServerEvent = { id: Number(fields["id"]), type: String(fields["event"]), data: JSON.parse(String(fields["data"])) };
  checkEvent(event.type, event.data);
  return event;
}
