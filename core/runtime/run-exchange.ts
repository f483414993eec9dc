import { catchError, throwError, type Observable } from "rxjs";
import { SluiceError, type HttpRequest, type HttpResponse } from "../contract/index.ts";
import { blameOf, faultOf } from "../flow/fault.ts";
import type { LivePipeline } from "./live-pipeline.ts";

/**
 * Runs a request through a pipeline's exchange hooks, whose plugins live until the request is over.
 *
 * @param fault told of what a plugin threw
 */
export function runExchange(
  live: LivePipeline,
  request: HttpRequest,
  attempt: Observable<HttpResponse>,
  fault: (plugin: string, error: SluiceError) => void,
): Observable<HttpResponse> {
  const { exchange } = live.pipeline;
  if (exchange === undefined) return attempt;
  live.acquire();
  request.onEnd(() => {
    live.release();
  });
  return exchange(attempt, request).pipe(
    catchError((error: unknown) => {
      const plugin = blameOf(error);
      const failure = SluiceError.is(error) ? error : faultOf(plugin, error);
      if (plugin !== undefined) fault(plugin, failure);
      return throwError(() => failure);
    }),
  );
}
