import { badBody } from "./api-error.ts";

/**
 * A JSON object from a request's body, read like toxiproxy's Go code does: names are found in any case of letters, `null` is an object without
 * fields, a field of the wrong type is refused, and an unknown one is ignored.
 */
export class RequestFields {
  readonly #fields: ReadonlyMap<string, unknown>;

  private constructor(fields: object) {
    this.#fields = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
  }

  static of(body: unknown): RequestFields {
    if (typeof body !== "object" || Array.isArray(body)) throw badBody("expected a JSON object");
    return new RequestFields(body ?? {});
  }

  text(name: string, otherwise: string): string {
    const value = this.#fields.get(name) ?? otherwise;
    if (typeof value !== "string") throw badBody(`${name}: expected a string`);
    return value;
  }

  /** Whether the proxy is enabled. */
  enabled(otherwise: boolean): boolean {
    const value = this.#fields.get("enabled") ?? otherwise;
    if (typeof value !== "boolean") throw badBody("enabled: expected true or false");
    return value;
  }

  number(name: string, otherwise: number): number {
    const value = this.#fields.get(name) ?? otherwise;
    if (typeof value !== "number") throw badBody(`${name}: expected a number`);
    return value;
  }

  integer(name: string, otherwise: number): number {
    const value = this.number(name, otherwise);
    if (!Number.isSafeInteger(value)) throw badBody(`${name}: expected a whole number`);
    return value;
  }

  /** The settings of a toxic. */
  get attributes(): RequestFields {
    return RequestFields.of(this.#fields.get("attributes") ?? null);
  }
}
