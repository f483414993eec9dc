import { Observable, Subscriber, throwError, type TeardownLogic } from "rxjs";
import { SluiceError, type Exchange, type HttpResponse } from "../../contract/index.ts";
import { blameOf, faultOf } from "../../flow/chain/fault.ts";
import { teardownFailed } from "../../flow/pump/let-go.ts";
import { LiveSession } from "./live-session.ts";

/**
 * The value of EXCHANGE: runs the hooks of the pipeline that the request's session is on now. The plugins of that pipeline live until the request is
 * over.
 */
export const exchange: Exchange = (request, attempt) => {
  const { session } = request;
  if (!(session instanceof LiveSession))
    return throwError(() => new SluiceError("SLUICE_INTERNAL", "an exchange belongs to a session of the proxy"));
  const { pipeline } = session;
  const hooks = pipeline.pipeline.exchange;
  if (hooks !== undefined) pipeline.acquire();
  request.onEnd(({ status, durationMs }) => {
    session.owner.requested(request.method, status, durationMs);
    if (hooks !== undefined) pipeline.release();
  });
  return hooks === undefined ? attempt : new Exchanged(hooks(attempt, request), session);
};

/** The answer of a session's hooks, whose faults the session is told of. */
class Exchanged extends Observable<HttpResponse> {
  constructor(
    private readonly answer: Observable<HttpResponse>,
    private readonly session: LiveSession,
  ) {
    super();
  }

  /** RxJS's extension point; on the prototype, as in `each`. */
  _subscribe(subscriber: Subscriber<HttpResponse>): TeardownLogic {
    return this.answer.subscribe(new FaultSubscriber(subscriber, this.session));
  }
}

class FaultSubscriber extends Subscriber<HttpResponse> {
  constructor(
    destination: Subscriber<HttpResponse>,
    private readonly session: LiveSession,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- an operator would be two more objects for each request
    super(destination);
  }

  override _error(error: unknown): void {
    const plugin = blameOf(error);
    const failure = SluiceError.is(error) ? error : faultOf(plugin, error);
    if (plugin !== undefined) this.session.flowFault(plugin, failure);
    super._error(failure);
  }

  /** A teardown of a hook may throw. Nobody above could catch it, and it would count as a fault of the proxy. */
  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      this.session.flowWarning(teardownFailed(error));
    }
  }
}
