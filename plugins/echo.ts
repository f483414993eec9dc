import { definePlugin, type Plugin, type Session, type Upstream } from "sluice";
import { answer } from "sluice/flow";
import { of, type Observable } from "rxjs";
import { injectable } from "tsyringe";
import { z } from "zod";

/** Sends every byte and datagram back to its client. It answers without an upstream. */
@injectable()
export class Echo implements Plugin {
  static readonly borrows = true;
  readonly answersIn = ["connect"] as const;

  connect(_attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    return of(answer("echo", (data) => data, session));
  }
}

/**
 * Sends every client its own bytes back; the listener needs no upstream.
 *
 * @example listeners: { echo: { listen: "tcp://127.0.0.1:7000", plugins: [echo()] } }
 */
export const echo = definePlugin("echo", Echo, z.object({}));
