import { reasonOf, SluiceError } from "sluice";
import { isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from "yaml";

/** Knows the places of a recording's parts in its file. */
export class RecordingSource {
  constructor(
    readonly file: string,
    private readonly lines: LineCounter,
  ) {}

  /** `file:line:column`. */
  placeOf(node: unknown): string {
    const range = isScalar(node) || isMap(node) || isSeq(node) ? node.range : undefined;
    return this.placeAt(range?.[0] ?? 0);
  }

  placeAt(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  }

  /** The error for something wrong at a place. */
  wrong(node: unknown, message: string): SluiceError {
    return new SluiceError("SLUICE_RECORDING_INVALID", message, { where: this.placeOf(node) });
  }

  wrongAt(offset: number, message: string): SluiceError {
    return new SluiceError("SLUICE_RECORDING_INVALID", message, { where: this.placeAt(offset) });
  }

  /** @throws SLUICE_RECORDING_INVALID when the map has an unknown key */
  refuseUnknown(map: YAMLMap, known: ReadonlySet<string>): void {
    for (const { key } of map.items)
      if (!known.has(String(key))) throw this.wrong(key, `unknown: ${String(key)}; there is ${[...known].join(", ")}`);
  }

  /** A regular expression, to be tested on bytes as latin1 text. @throws SLUICE_RECORDING_INVALID */
  regexp(node: Node): RegExp {
    try {
      return new RegExp(String(isScalar(node) ? node.value : ""));
    } catch (error) {
      throw this.wrong(node, reasonOf(error));
    }
  }
}
