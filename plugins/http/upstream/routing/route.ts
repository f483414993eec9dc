import type { HttpResponse } from "sluice";
import type { RouteOptions } from "../../exchange/options.ts";
import { change, spelledBy, type Outbound } from "./outbound.ts";
import { isRetold, retold } from "./seen-answer.ts";

/** A route of the config. It works out once, and not for each response, what it changes in responses. */
export class Route {
  readonly #isRetold: boolean;
  readonly #changes: boolean;

  constructor(readonly options: RouteOptions) {
    const { set, remove } = options.responseHeaders;
    this.#isRetold = isRetold(options);
    this.#changes = remove.length > 0 || Object.keys(set).length > 0;
  }

  /**
   * Makes the response that the client gets.
   * @param asked the request that the upstream got
   * @param endpoint the name of the endpoint
   */
  answer(answer: HttpResponse, asked: Outbound, endpoint: string): HttpResponse {
    const told = this.#isRetold ? retold(answer, this.options, asked, endpoint) : answer;
    if (!this.#changes) return told;
    const headers = { ...told.headers };
    const { responseHeaders } = this.options;
    change(headers, responseHeaders);
    return { ...told, headers, fieldNames: spelledBy(responseHeaders, told.fieldNames) };
  }
}
