import type { NameServer, Question } from "./name-server.ts";
import { codeOf } from "./search-list.ts";

/** Failures of one server alone, after which the C library asks the next one (res_nsend of glibc). */
const isOfOneServer: ReadonlySet<unknown> = new Set(["ESERVFAIL", "EREFUSED", "ENOTIMP", "EBADRESP", "ECONNREFUSED", "ETIMEOUT"]);

/** The name servers in the order in which one name is asked for. */
export class ServersInOrder {
  /** @param attempts how often a server that is silent is asked */
  constructor(
    private readonly servers: readonly NameServer[],
    private readonly attempts: number,
  ) {}

  /** The answer of the first server that gives one. @throws the failure of the last one that was asked */
  async ask<T>(question: Question<T>): Promise<T> {
    let left = this.servers;
    let failure: unknown;
    for (let attempt = 0; attempt < this.attempts && left.length > 0; attempt += 1) {
      const silent: NameServer[] = [];
      for (const server of left) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- the next server is asked only if this one fails
          return await server.ask(question, attempt === 0 && left.length > 1);
        } catch (error) {
          failure = error;
          if (!isOfOneServer.has(codeOf(error))) throw error;
          if (codeOf(error) === "ETIMEOUT") silent.push(server);
        }
      }
      left = silent;
    }
    throw failure;
  }
}
