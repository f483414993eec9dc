import type { Connection } from "../../net/node/raw-accept.ts";
import { packError, unpackError, type PackedError } from "./packed-error.ts";

/** The functions that one process can call in the other. Their parameters and results are values that can be sent, or promises of them. */
type Calls = object;
type Methods = Record<string, (...given: readonly unknown[]) => unknown>;
export type Arguments<C, K extends keyof C> = C[K] extends (...given: infer A) => unknown ? A : never;
export type Answer<C, K extends keyof C> = C[K] extends (...given: never[]) => infer R ? Awaited<R> : never;

/** What goes over the wire: a call, with a number if it is to be answered; an answer; an error. */
type Packet =
  | { readonly call: string; readonly given: readonly unknown[]; readonly number?: number }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: PackedError };

/** Sends one message, and a connection with it if there is one. */
export type Send = (packet: object, connection?: Connection) => void;

interface OpenCall {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One end of the wire between two processes. Calls may have answers or not. They arrive in the order in which they were sent. */
export class Channel<Theirs extends Calls> {
  readonly #waiting = new Map<number, OpenCall>();
  #last = 0;
  #ended: Error | undefined;

  readonly #own: readonly Methods[];

  /** @param own the objects whose methods the other side may call; a connection that comes with a call is the last argument */
  constructor(
    private readonly send: Send,
    ...own: readonly Calls[]
  ) {
    this.#own = own as readonly Methods[];
  }

  /** Calls a function of the other side. Rejects with the other side's error, or with the error given to `end`. */
  call<K extends keyof Theirs & string>(name: K, ...given: Arguments<Theirs, K>): Promise<Answer<Theirs, K>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.send({ call: name, given, number });
    });
  }

  /** Calls a function without waiting for an answer. */
  tell<K extends keyof Theirs & string>(name: K, ...given: Arguments<Theirs, K>): void {
    if (this.#ended === undefined) this.send({ call: name, given });
  }

  /** The same with a connection as the last argument. */
  hand(name: keyof Theirs & string, given: readonly unknown[], connection: Connection): void {
    if (this.#ended === undefined) this.send({ call: name, given }, connection);
  }

  receive(packet: unknown, connection?: unknown): void {
    const message = packet as Packet;
    if ("call" in message) void this.#obey(message, connection);
    else if ("answer" in message) this.#take(message);
  }

  /** The other side is gone: all calls under way reject. */
  end(why: Error): void {
    this.#ended ??= why;
    for (const waiting of this.#waiting.values()) waiting.reject(why);
    this.#waiting.clear();
  }

  #take(message: Exclude<Packet, { call: string }>): void {
    const waiting = this.#waiting.get(message.answer);
    this.#waiting.delete(message.answer);
    if ("error" in message) waiting?.reject(unpackError(message.error));
    else waiting?.resolve(message.value);
  }

  async #obey({ call, given, number }: Extract<Packet, { call: string }>, connection: unknown): Promise<void> {
    try {
      const all = connection === undefined ? given : [...given, connection];
      const value: unknown = await this.#own.find((own) => call in own)?.[call]?.(...all);
      if (number !== undefined && this.#ended === undefined) this.send({ answer: number, value });
    } catch (error) {
      if (number === undefined) throw error;
      if (this.#ended === undefined) this.send({ answer: number, error: packError(error) });
    }
  }
}
