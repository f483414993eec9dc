import { describeIssues, optionPath, shown, unknownKey, type Problem } from "../../contract/options/describe-issues.ts";
import { knownKeys, strayKeys } from "../../contract/options/known-keys.ts";
import { didYouMean } from "../../contract/options/nearest.ts";
import { isOptions, isPluginUse, reasonOf, type PluginUse, type ResolvedUse } from "../../contract/index.ts";
import { namePattern, nameRule } from "./config-schema.ts";

/** A use with its place in the config, and its options parsed. */
export interface CheckedUse {
  readonly use: PluginUse;
  readonly path: readonly PropertyKey[];
  readonly options: unknown;
}

/** `listeners`, a name, `plugins`, and eight places. */
const LONGEST_PATH = 12;

function given(options: unknown): unknown {
  if (!isOptions(options)) return options;
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function useProblems(use: PluginUse, path: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = [];
  const say = (key: string, message: string): void => void problems.push({ path: optionPath([...path, key]), message });
  if (typeof use.enabled !== "boolean") say("enabled", `expected true or false, got ${shown(use.enabled)}`);
  if (use.name !== undefined && !(typeof use.name === "string" && namePattern.test(use.name)))
    say("name", `${nameRule}, got ${shown(use.name)}`);
  if (use.onError !== "close" && use.onError !== "bypass") say("onError", `expected one of "close", "bypass", got ${shown(use.onError)}`);
  return problems;
}

/** The keys that every factory takes in addition to the plugin's own. */
const common = ["enabled", "name", "onError"];

function withCommonKeys(problem: Problem): Problem {
  const key = /([\w$-]+)$/.exec(problem.path)?.[1] ?? "";
  const hint = problem.message.startsWith("unknown option") && !problem.message.includes("did you mean") ? didYouMean(key, common) : "";
  return hint === "" ? problem : { path: problem.path, message: `unknown option${hint}` };
}

/**
 * Checks the uses of one `plugins` array, and of arrays in it, each with its own schema; problems are added to the list. Anything that is not a
 * plugin use is skipped: the config's schema reports it.
 */
export function checkUses(uses: readonly unknown[], prefix: readonly PropertyKey[], problems: Problem[]): CheckedUse[] {
  return uses.flatMap((use, index) => {
    const path = [...prefix, index];
    if (isPluginUse(use)) return [checkUse(use, path, problems)];
    // An array that contains itself is reported by the schema too.
    return Array.isArray(use) && path.length < LONGEST_PATH ? checkUses(use, path, problems) : [];
  });
}

/** Checks one use; its problems are added to the list. */
export function checkUse(use: PluginUse, path: readonly PropertyKey[], problems: Problem[]): CheckedUse {
  problems.push(...useProblems(use, path));
  const { schema } = use.definition;
  const options = given(use.options);
  if (!isOptions(options)) {
    problems.push({ path: optionPath(path), message: `expected an object, got ${shown(options)}` });
    return { use, path, options: undefined };
  }
  if (schema === undefined) return { use, path, options };
  try {
    const result = schema.safeParse(options);
    const issues = result.success ? [] : describeIssues(options, result.error.issues, schema, path);
    const stray = strayKeys(schema, options).map((key) => strayProblem(schema, key, path));
    const told = new Set(issues.map((issue) => issue.path));
    problems.push(...[...issues, ...stray.filter((each) => !told.has(each.path))].map(withCommonKeys));
    if (result.success) return { use, path, options: result.data };
  } catch (error) {
    problems.push({ path: optionPath(path), message: `the schema of ${use.id} threw: ${reasonOf(error)}` });
  }
  return { use, path, options: undefined };
}

function strayProblem(schema: unknown, key: readonly PropertyKey[], path: readonly PropertyKey[]): Problem {
  const known = knownKeys(schema, key.slice(0, -1));
  return { path: optionPath([...path, ...key]), message: unknownKey(String(key.at(-1)), known) };
}

/**
 * Decides the names of one listener's uses: as given, else the plugin's id, then with `-2`, `-3`. Disabled uses count, so that toggling one
 * does not rename its neighbours and move their state.
 */
export function nameUses(uses: readonly CheckedUse[], problems: Problem[]): ResolvedUse[] {
  const taken = new Map<string, CheckedUse>();
  for (const each of uses) {
    const { name } = each.use;
    if (name === undefined) continue;
    const other = taken.get(name);
    if (other === undefined) taken.set(name, each);
    else
      problems.push({
        path: optionPath([...each.path, "name"]),
        message: `expected a name of its own, got ${shown(name)}, which is ${optionPath(other.path)}`,
      });
  }
  const tried = new Map<string, number>();
  return uses.map((each) => ({
    name: each.use.name ?? freeName(each, taken, tried),
    path: optionPath(each.path),
    use: each.use,
    options: each.options,
  }));
}

/** @param tried the number up to which the names of a plugin have been tried: those before are taken */
function freeName(each: CheckedUse, taken: Map<string, CheckedUse>, tried: Map<string, number>): string {
  const { id } = each.use;
  let number = tried.get(id) ?? 1;
  const name = (): string => (number === 1 ? id : `${id}-${number}`);
  while (taken.has(name())) number += 1;
  tried.set(id, number);
  taken.set(name(), each);
  return name();
}
