import type { z } from "zod";
import { shown } from "../options/describe-issues.ts";
import { knownKeys } from "../options/known-keys.ts";
import { currentOrigin } from "./evaluating.ts";
import type { FunctionPlugin, Inject, OnError, PluginClass, PluginDefinition, PluginUse, UseOptions } from "./plugin.ts";

const uses = new WeakSet<object>();

/** A schema of options, usually a `z.object`: any schema whose input is an object. */
type Schema = z.ZodType<unknown, object>;

/**
 * zod expresses "no options" by an index signature of `never`. That would forbid `enabled` too, as would an index signature of numbers. The
 * `unknown` of a loose object forbids nothing.
 */
type Given<O> = string extends keyof O
  ? O[keyof O] extends never
    ? UseOptions
    : unknown extends O[keyof O]
      ? O & UseOptions
      : Readonly<Record<string, unknown>> & UseOptions
  : O & UseOptions;

/** The options as a caller may have them: nobody changes them, so lists and objects may be read-only. */
type Unchanged<O> = O extends readonly unknown[]
  ? { readonly [K in keyof O]: Unchanged<O[K]> }
  : O extends Readonly<Record<string, unknown>>
    ? { [K in keyof O]: Unchanged<O[K]> }
    : O;

/** The options argument may be left out when every option has a default. */
type FactoryArguments<O> = object extends Given<O> ? [options?: Given<O>] : [options: Given<O>];

/** A plugin's factory: the function that a config calls. `definition` is for the core. */
export interface PluginFactory<O> {
  (...options: FactoryArguments<Unchanged<O>>): PluginUse;
  readonly definition: PluginDefinition;
}

/**
 * Makes a plugin's factory. It takes the options of the zod schema (unknown keys are errors), and `enabled`, `name` and `onError`.
 *
 * @param id kebab-case or camelCase word: the log and metric label, and the default name of a use
 * @param make a tsyringe class, or a function from (options, inject) to hooks that runs once per plugin use and generation
 */
export function definePlugin<S extends Schema>(id: string, make: PluginClass, schema: S): PluginFactory<z.input<S>>;
export function definePlugin(id: string, make: PluginClass): PluginFactory<object>;
export function definePlugin<S extends Schema>(
  id: string,
  make: (options: z.output<S>, inject: Inject) => FunctionPlugin,
  schema: S,
): PluginFactory<z.input<S>>;
export function definePlugin<O extends object = object>(id: string, make: (options: O, inject: Inject) => FunctionPlugin): PluginFactory<O>;
export function definePlugin(
  id: string,
  make: PluginClass | ((options: never, inject: Inject) => FunctionPlugin),
  schema?: Schema,
): PluginFactory<object> {
  refuseMixedUp(id, make, schema);
  const definition: PluginDefinition = {
    id,
    make,
    isClass: isClass(make),
    schema: schema === undefined ? undefined : strict(schema),
    keys: knownKeys(schema, []) ?? [],
    origin: currentOrigin(),
    definedAt: new Error(`the plugin "${id}" is defined here`),
  };
  const factory = (given: object & UseOptions = {}): PluginUse => {
    const { enabled = true, name, onError = "close", ...options } = (isOptions(given) ? given : {}) as UseOptions & Record<string, unknown>;
    const use = { definition, id, enabled, name, onError: onError satisfies OnError, options: isOptions(given) ? options : given };
    uses.add(use);
    return use;
  };
  return Object.assign(factory, { definition });
}

/** Whether a function is a class, which cannot be called. */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- any function at all
export function isClass(value: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** An object schema without a rule for other keys refuses them: they are spelling mistakes. A schema that its author made loose stays loose. */
function strict(schema: Schema): Schema {
  // Not by instanceof: the schema may come from another copy of zod.
  if (!("strict" in schema && typeof schema.strict === "function")) return schema;
  const object = schema as z.ZodObject;
  return object.def.catchall === undefined ? object.strict() : object;
}

/** Types are not checked at run time, and the error that would follow does not mention the plugin. */
function refuseMixedUp(id: unknown, make: unknown, schema: unknown): void {
  if (typeof id !== "string") throw new TypeError(`definePlugin: expected the plugin's id first, got ${shown(id)}`);
  if (typeof make !== "function")
    throw new TypeError(`definePlugin("${id}", …): expected a class, or a function that returns hooks, got ${shown(make)}`);
  if (schema !== undefined && !(isOptions(schema) && "safeParse" in schema))
    throw new TypeError(`definePlugin("${id}", …, schema): expected a zod schema, such as z.object({ … }), got ${shown(schema)}`);
}

/** Whether a value can be options at all. Any other value is kept as it is, and refused with its place when the config is checked. */
export function isOptions(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value came from a plugin's factory of this copy of the package. */
export function isPluginUse(value: unknown): value is PluginUse {
  return typeof value === "object" && value !== null && uses.has(value);
}
