import type { PluginUse } from "sluice";
import { invalidStream, invalidToxicType } from "./api-error.ts";
import type { RequestFields } from "./request-fields.ts";
import { toxicKinds, type Attributes, type ToxicKind } from "./toxic-kinds.ts";

let made = 0;

/** A toxic of a proxy, with the fault that does its work. */
export class Toxic {
  readonly name: string;
  readonly type: string;
  readonly stream: "upstream" | "downstream";
  toxicity: number;
  attributes: Attributes;
  readonly #kind: ToxicKind;
  /** The name of its fault; a toxic may have names that are not allowed for a plugin. */
  readonly #id = `toxic-${(made += 1)}`;

  /** @throws ApiError */
  constructor(fields: RequestFields) {
    const stream = fields.text("stream", "downstream").toLowerCase();
    if (stream !== "upstream" && stream !== "downstream") throw invalidStream();
    this.stream = stream;
    this.type = fields.text("type", "");
    this.name = fields.text("name", "") || `${this.type}_${stream}`;
    this.toxicity = fields.number("toxicity", 1);
    const kind = Object.hasOwn(toxicKinds, this.type) ? toxicKinds[this.type] : undefined;
    if (kind === undefined) throw invalidToxicType();
    this.#kind = kind;
    this.attributes = attributesOf(kind.attributes, fields);
  }

  /** @throws ApiError */
  update(fields: RequestFields): void {
    const attributes = attributesOf(this.attributes, fields);
    this.toxicity = fields.number("toxicity", this.toxicity);
    this.attributes = attributes;
  }

  get use(): PluginUse | undefined {
    const direction = this.stream === "upstream" ? "fromClient" : "fromUpstream";
    return this.#kind.fault(this.attributes, { name: this.#id, direction, share: Math.min(1, Math.max(0, this.toxicity)) });
  }

  toJSON(): object {
    const { attributes, name, type, stream, toxicity } = this;
    return { attributes, name, type, stream, toxicity };
  }
}

function attributesOf(before: Attributes, fields: RequestFields): Attributes {
  const given = fields.attributes;
  return Object.fromEntries(Object.entries(before).map(([name, value]) => [name, given.integer(name, value)]));
}
