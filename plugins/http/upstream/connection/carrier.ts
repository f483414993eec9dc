import { SluiceError } from "sluice";
import type { InterimResponse } from "../../exchange/client-request.ts";
import { Deadline } from "../../message/deadline.ts";
import type { ConnectionOwner, Requester } from "./requester.ts";
import { MOST_INTERIM } from "./upstream-failure.ts";

/**
 * Carries one request at a time to an upstream: a connection of HTTP/1, or a stream of HTTP/2. It counts as one in `limits.connections`. Both tell
 * the requester in the same order, and limit the upstream's time in the same way.
 */
export abstract class Carrier {
  /** The client whose request it carries; undefined while it carries none. */
  client: string | undefined = undefined;
  /** The time at which the header of a response came whose body is still coming, as of `performance.now()`; 0: there is none. */
  answeredAt = 0;
  /** Who waits for the header of a response. */
  protected asker: Requester | undefined = undefined;
  /** The request that was answered, until its response has ended. */
  protected answered: Requester | undefined = undefined;
  /** Milliseconds for a response; 0: no limit. */
  protected timeout = 0;
  /** Interim responses to the request. */
  protected interims = 0;
  protected readonly deadline = new Deadline(this);
  /** Whether it carries no further request. */
  protected isGone = false;

  constructor(protected readonly owner: ConnectionOwner<Carrier>) {}

  /** Begins to read; called after `ask`, so that all bytes and the end belong to a request. */
  abstract read(): void;

  /** Called when the upstream's time is over. */
  abstract expired(): void;

  /** Ends the request with an error. */
  abstract failed(error: SluiceError): void;

  /** Resets it: the response is not needed. */
  protected abstract cancel(): void;

  /**
   * Begins a request.
   * @param timeout milliseconds for the response's header, and for reading a part of the request; 0: no limit
   */
  ask(asker: Requester, timeout: number): void {
    this.asker = asker;
    this.timeout = timeout;
    this.interims = 0;
    this.deadline.set(timeout);
  }

  /** Ends a request whose response is not needed, or which broke off: the upstream is reset, so that it notices. */
  abandon(asker: Requester): void {
    if (this.asker === asker) this.cancel();
    else if (this.answered === asker) this.brokeOff();
  }

  /** The request broke off. @param error why, if it is known */
  brokeOff(error?: unknown): void {
    this.failed(SluiceError.is(error) ? error : new SluiceError("SLUICE_CLIENT_RESET", "the request broke off"));
  }

  /** The time runs only while the upstream must read or answer, and not while the client sends nothing. */
  waits(isWaiting: boolean): void {
    if (this.asker?.isExpecting === false) this.deadline.set(isWaiting ? this.timeout : 0);
  }

  /** Passes an interim response on; with too many the request fails. */
  protected interim(response: InterimResponse): void {
    this.interims += 1;
    if (this.interims > MOST_INTERIM) this.failed(this.owner.failures.endlessInterim());
    else this.asker?.informed(response);
  }

  /** The header of the response has come. @returns who waited for it */
  protected headerCame(): Requester | undefined {
    const { asker } = this;
    this.asker = undefined;
    this.answered = asker;
    this.deadline.set(0);
    return asker;
  }

  /** Leaves the owner: it carries nothing from now on. */
  protected leave(): void {
    const { answered } = this;
    this.isGone = true;
    this.asker = undefined;
    this.answered = undefined;
    this.deadline.stop();
    this.owner.gone(this);
    answered?.over();
  }
}
