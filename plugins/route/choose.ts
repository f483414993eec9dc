import type { ClientHello } from "sluice";
import type { ClientFacts } from "./knowledge.ts";
import type { Route } from "./options.ts";
import type { RouteIndex } from "./route-index.ts";
import type { Guess } from "./protocols.ts";
import { matchesName } from "./server-names.ts";

/**
 * The first route that certainly matches; undefined when more must be known; null when no route matches.
 *
 * @param isOver whether nothing more will be known: what is still undecided then counts as no
 */
export function choose(index: RouteIndex, known: ClientFacts, isOver: boolean): Route | undefined | null {
  for (const route of index.candidates(known)) {
    const holds = all(conditionsOf(route, known));
    if (holds === undefined && !isOver) return undefined;
    if (holds === true) return route;
  }
  return null;
}

function conditionsOf({ serverName, alpn, protocol, client }: Route, known: ClientFacts): Guess[] {
  return [
    client === undefined || client.has(known.client),
    protocol === undefined || any(protocol.map((each) => known.is(each))),
    serverName === undefined ||
      told(known.hello, ({ serverName: name }) => name !== undefined && serverName.some((each) => matchesName(each, name))),
    alpn === undefined || told(known.hello, (given) => alpn.some((each) => given.alpn.includes(each))),
  ];
}

function told(hello: ClientHello | null | undefined, holds: (hello: ClientHello) => boolean): Guess {
  if (hello === undefined) return undefined;
  return hello !== null && holds(hello);
}

function all(guesses: readonly Guess[]): Guess {
  if (guesses.includes(false)) return false;
  return guesses.includes(undefined) ? undefined : true;
}

function any(guesses: readonly Guess[]): Guess {
  if (guesses.includes(true)) return true;
  return guesses.includes(undefined) ? undefined : false;
}
