import { merge, Subject, type Observable } from "rxjs";
import type { ProxyEvent } from "../../contract/index.ts";

/** The proxy's events. Events of sessions are separate, so that they cost nothing while nobody listens. */
export class EventHub {
  readonly sessions = new Subject<ProxyEvent>();
  readonly lifecycle = new Subject<ProxyEvent>();
  readonly all: Observable<ProxyEvent> = merge(this.lifecycle, this.sessions);

  complete(): void {
    this.sessions.complete();
    this.lifecycle.complete();
  }
}
