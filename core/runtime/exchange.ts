import { throwError } from "rxjs";
import { SluiceError, type Exchange } from "../contract/index.ts";
import { LiveSession } from "./live-session.ts";

/** What EXCHANGE stands for. */
export const exchange: Exchange = (request, attempt) => {
  const { session } = request;
  if (session instanceof LiveSession) return session.exchange(request, attempt);
  return throwError(() => new SluiceError("SLUICE_INTERNAL", "an exchange belongs to a session of the proxy"));
};
