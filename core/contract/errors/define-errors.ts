import { ownKind, SluiceError, type ErrorKind, type ErrorOptions, type ErrorSource } from "./errors.ts";

/** One error of a plugin's own. */
export interface ErrorDefinition {
  /** What happened. `{name}` stands for a value that is given when it is thrown. */
  readonly text: string;
  /** What to do about it; becomes the end of the message. */
  readonly remedy: string;
  /**
   * Who caused it. `"plugin"` makes the error a fault: it is counted and logged, and `onError: "bypass"` takes the plugin out of the session.
   * With any other value the error is an answer: it ends the session whatever `onError` says. @default "client"
   */
  readonly source?: ErrorSource;
  /** Trying the same again may succeed. @default false */
  readonly retryable?: boolean;
  /** The status that answers an HTTP request that ends with it, 400 to 599. @default 502 for "upstream", 400 for "client", else 500 */
  readonly status?: number;
}

/** An address as it is, such as `session.client`. */
interface Address {
  readonly address: string;
  toString(): string;
}

/** The names in a text: `bytes` in `"more than {bytes}"`. */
type NamesIn<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type Value = string | number | bigint | boolean | Address;
type Values<T extends string> = string extends T ? Readonly<Record<string, Value>> : { readonly [N in NamesIn<T>]: Value };
type Arguments<T extends string> = [NamesIn<T>] extends [never]
  ? [values?: Values<T>, options?: ErrorOptions]
  : [values: Values<T>, options?: ErrorOptions];

/** What {@link defineErrors} returns: a function for each error, by its name. */
export type OwnErrors<D extends Readonly<Record<string, ErrorDefinition>>> = {
  /** Makes the error, to be thrown. */
  readonly [K in keyof D]: (...given: Arguments<D[K]["text"]>) => SluiceError;
};

const pluginName = /^[a-z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/;
const errorName = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
const sources: readonly unknown[] = ["client", "upstream", "plugin", "config", "internal"] satisfies ErrorSource[];

/**
 * Makes a plugin's own errors, each with a code and a remedy. A code is the plugin's name and the error's name, in capitals: `MY_PLUGIN_QUOTA`.
 * It is the `reason` in the session's record and the `code` in the log. An error thrown in a hook ends the session or the request; thrown in
 * `setup()`, it refuses the config.
 *
 * @param plugin the plugin's id
 * @throws SLUICE_PLUGIN_ARGUMENT for a name that makes no valid code, a code that would be Sluice's, or a definition without text or remedy
 * @example
 * const errors = defineErrors("my-plugin", { QUOTA: { text: "{client} was sent more than {bytes} bytes", remedy: "wait an hour, or raise `bytes`" } });
 * throw errors.QUOTA({ client: session.client.address, bytes: 1000 });
 */
export function defineErrors<const D extends Readonly<Record<string, ErrorDefinition>>>(plugin: string, definitions: D): OwnErrors<D> {
  if (typeof plugin !== "string" || !pluginName.test(plugin))
    throw refused(plugin, 'the first parameter is the plugin\'s id, such as "my-plugin"');
  const prefix = plugin
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "-")
    .replaceAll("-", "_")
    .toUpperCase();
  if (prefix === "SLUICE" || prefix.startsWith("SLUICE_")) throw refused(plugin, "codes that begin with SLUICE_ are Sluice's own");
  const made = Object.entries(definitions).map(([name, definition]) => [
    name,
    thrower(kindOf(plugin, `${prefix}_${name}`, name, definition), definition.text),
  ]);
  return Object.fromEntries(made) as OwnErrors<D>;
}

function kindOf(plugin: string, code: string, name: string, definition: ErrorDefinition): ErrorKind {
  const { remedy, source = "client", retryable = false, status } = definition;
  check(plugin, name, definition);
  return ownKind({ code, source, retryable, help: remedy, status });
}

function check(plugin: string, name: string, { text, remedy, source = "client", status = 400 }: ErrorDefinition): void {
  if (!errorName.test(name)) throw refused(plugin, `${name} is no name of an error: capitals, digits and _, such as QUOTA`);
  if (!isText(text) || !isText(remedy)) throw refused(plugin, `${name} needs a text and a remedy`);
  if (!sources.includes(source)) throw refused(plugin, `${name}: source must be one of ${sources.join(", ")}`);
  if (!(Number.isInteger(status) && status >= 400 && status <= 599)) throw refused(plugin, `${name}: status must be 400 to 599`);
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

function thrower(kind: ErrorKind, text: string): (values?: Readonly<Record<string, Value>>, options?: ErrorOptions) => SluiceError {
  return (values = {}, options = {}) => {
    const detail = text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
    return new SluiceError(kind, detail, options);
  };
}

function refused(plugin: unknown, detail: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_ARGUMENT", `defineErrors(${JSON.stringify(plugin)}): ${detail}`);
}
