import type { HttpResponse } from "sluice";
import { endToEnd } from "../../message/header-fields.ts";
import { spellings } from "../../message/message-head.ts";

/** The parts of a response after its header, and its endpoint. */
export interface AnswerRest {
  readonly body: HttpResponse["body"];
  /** The trailers: names and values, one after the other, filled while they come; undefined when there are none. */
  readonly trailers: readonly string[] | undefined;
  readonly upstream: string;
}

/** Makes a response from its parts. No spreading: on Node 20, adding properties to such a copy takes microseconds. */
export function answerOf(head: HttpResponse, { body, trailers, upstream }: AnswerRest): HttpResponse {
  const { status, statusText, headers, fieldNames } = head;
  return {
    status,
    statusText,
    headers,
    fieldNames,
    body,
    // Called after the end of the body.
    trailers: trailers === undefined ? undefined : () => endToEnd(trailers),
    trailerNames: trailers === undefined ? undefined : () => spellings(trailers),
    upstream,
  };
}
