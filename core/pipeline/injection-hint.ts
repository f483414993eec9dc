import { reasonOf } from "../contract/index.ts";

/** For each message of tsyringe about a constructor that it cannot call: what to do about it. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/Cannot inject the dependency[\s\S]*TypeInfo not known for/, "name the parameter's token: @inject(LOGGER), say"],
  [/^TypeInfo not known for/, "put @injectable() above the class, and @inject(TOKEN) before each parameter of its constructor"],
  [/unregistered dependency token/, "add a provider for it to `providers` of the config"],
];

/** Why a construction failed, on one line, with what to do if that is known. */
export function constructionReason(error: unknown): string {
  const reason = reasonOf(error);
  const hint = hints.find(([pattern]) => pattern.test(reason))?.[1];
  return `${reason.replaceAll(/\s*\n\s*/g, " ")}${hint === undefined ? "" : `: ${hint}`}`;
}
