import { catchError, throwError } from "rxjs";
import { SluiceError, type Exchange } from "../../contract/index.ts";
import { blameOf, faultOf } from "../../flow/chain/fault.ts";
import { LiveSession } from "./live-session.ts";

/**
 * The value of EXCHANGE: runs the hooks of the pipeline that the request's session is on now. The plugins of that pipeline live until the request is
 * over.
 */
export const exchange: Exchange = (request, attempt) => {
  const { session } = request;
  if (!(session instanceof LiveSession))
    return throwError(() => new SluiceError("SLUICE_INTERNAL", "an exchange belongs to a session of the proxy"));
  request.onEnd(({ status, durationMs }) => {
    session.owner.requested(request.method, status, durationMs);
  });
  const { pipeline } = session;
  const hooks = pipeline.pipeline.exchange;
  if (hooks === undefined) return attempt;
  pipeline.acquire();
  request.onEnd(() => {
    pipeline.release();
  });
  return hooks(attempt, request).pipe(
    catchError((error: unknown) => {
      const plugin = blameOf(error);
      const failure = SluiceError.is(error) ? error : faultOf(plugin, error);
      if (plugin !== undefined) session.flowFault(plugin, failure);
      return throwError(() => failure);
    }),
  );
};
