import { inTime } from "../../contract/in-time.ts";
import { SluiceError } from "../../contract/index.ts";
import type { WorkerCalls } from "./calls.ts";
import { Channel, type Answer, type Arguments, type Send } from "./channel.ts";

/** Milliseconds in which a worker answers what it knows, also on a busy machine. */
export const ANSWER_MS = 5_000;

/** The channel to a worker. Every call has a time limit, since a plugin can keep a worker from answering for ever. */
export class WorkerChannel extends Channel<WorkerCalls> {
  /** Questions that were not answered in time, and not later either. */
  readonly #late = new Set<object>();

  /** @param worker named in errors */
  constructor(
    private readonly worker: string,
    send: Send,
    ...own: readonly object[]
  ) {
    super(send, ...own);
  }

  override call<K extends keyof WorkerCalls>(name: K, ...given: Arguments<WorkerCalls, K>): Promise<Answer<WorkerCalls, K>> {
    return this.ask(ANSWER_MS, name, ...given);
  }

  /**
   * Asks a question. A worker with a late answer is not asked, so that questions do not pile up.
   *
   * @throws the worker's error; SLUICE_WORKER_LOST
   */
  async ask<K extends keyof WorkerCalls>(
    milliseconds: number,
    name: K,
    ...given: Arguments<WorkerCalls, K>
  ): Promise<Answer<WorkerCalls, K>> {
    if (this.#late.size > 0) throw new SluiceError("SLUICE_WORKER_LOST", `${this.worker} does not answer`);
    const question = { isOpen: true };
    const answer = super.call(name, ...given).finally(() => {
      question.isOpen = false;
      this.#late.delete(question);
    });
    try {
      return await this.#inTime(milliseconds, answer);
    } finally {
      if (question.isOpen) this.#late.add(question);
    }
  }

  /** Orders a step that may take longer. @throws the worker's error; SLUICE_WORKER_LOST */
  order<K extends keyof WorkerCalls>(milliseconds: number, name: K, ...given: Arguments<WorkerCalls, K>): Promise<Answer<WorkerCalls, K>> {
    return this.#inTime(milliseconds, super.call(name, ...given));
  }

  #inTime<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
    const late = (): SluiceError => new SluiceError("SLUICE_WORKER_LOST", `${this.worker} did not answer within ${milliseconds} ms`);
    return inTime(answer, milliseconds, late);
  }
}
