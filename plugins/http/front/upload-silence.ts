import type { ServerHttp2Stream } from "node:http2";
import { Deadline } from "../message/deadline.ts";

/**
 * Limits the silence of a client that sends a body in a stream of HTTP/2: it may be slow, but must not stop. While nobody reads the body, the client
 * cannot send, and the time does not run.
 */
export class UploadSilence {
  readonly #deadline: Deadline;

  /**
   * @param timeout milliseconds; 0: no limit
   * @param late called once
   */
  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly timeout: number,
    late: () => void,
  ) {
    this.#deadline = new Deadline({ expired: late });
  }

  start(): void {
    const { stream, timeout } = this;
    if (timeout === 0) return;
    const moved = (): void => {
      this.#deadline.set(timeout);
    };
    const waits = (): void => {
      this.#deadline.set(0);
    };
    const over = (): void => {
      this.#deadline.stop();
      stream.off("data", moved).off("resume", moved).off("pause", waits);
    };
    moved();
    stream.on("data", moved).on("resume", moved).on("pause", waits).once("end", over).once("close", over);
  }
}
