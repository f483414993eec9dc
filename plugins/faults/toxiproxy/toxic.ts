import type { Direction, PluginUse } from "sluice";
import { invalidStream, invalidToxicType } from "./api-error.ts";
import type { RequestFields } from "./request-fields.ts";
import { toxicKinds, type Attributes } from "./toxic-kinds.ts";

interface ToxicParts {
  readonly name: string;
  readonly type: string;
  /** As the request has it, in any case of letters. */
  readonly stream: string;
  readonly toxicity: number;
  readonly attributes: Attributes;
  /** The name of its fault; a toxic may have names that are not allowed for a plugin. */
  readonly id: string;
}

let made = 0;

/** A toxic of a proxy, with the fault that does its work. It does not change: another one takes its place. */
export class Toxic {
  private constructor(private readonly parts: ToxicParts) {}

  /** @throws ApiError */
  static of(fields: RequestFields): Toxic {
    const stream = fields.text("stream", "downstream");
    const type = fields.text("type", "");
    const toxicity = fields.number("toxicity", 1);
    if (!isUpstream(stream) && !isDownstream(stream)) throw invalidStream();
    const kind = Object.hasOwn(toxicKinds, type) ? toxicKinds[type] : undefined;
    if (kind === undefined) throw invalidToxicType();
    const name = fields.text("name", "") || `${type}_${stream}`;
    const attributes = attributesOf(kind.attributes, fields);
    return new Toxic({ name, type, stream, toxicity, attributes, id: `toxic-${(made += 1)}` });
  }

  /** The toxic with what a request changes. @throws ApiError */
  with(fields: RequestFields): Toxic {
    const attributes = attributesOf(this.parts.attributes, fields);
    return new Toxic({ ...this.parts, toxicity: fields.number("toxicity", this.parts.toxicity), attributes });
  }

  get name(): string {
    return this.parts.name;
  }

  get direction(): Direction {
    return isUpstream(this.parts.stream) ? "fromClient" : "fromUpstream";
  }

  get use(): PluginUse | undefined {
    const { type, attributes, id, toxicity } = this.parts;
    const share = Math.min(1, Math.max(0, toxicity));
    return toxicKinds[type]?.fault(attributes, { name: id, direction: this.direction, share });
  }

  toJSON(): object {
    const { attributes, name, type, stream, toxicity } = this.parts;
    return { attributes, name, type, stream, toxicity };
  }
}

const isUpstream = (stream: string): boolean => stream.toLowerCase() === "upstream";
const isDownstream = (stream: string): boolean => stream.toLowerCase() === "downstream";

function attributesOf(before: Attributes, fields: RequestFields): Attributes {
  const given = fields.attributes;
  return Object.fromEntries(Object.entries(before).map(([name, value]) => [name, given.integer(name, value)]));
}
