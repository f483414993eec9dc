import { hookNames, type HookName } from "../../../core/contract/index.ts";
import { Canvas, type Palette } from "./canvas.ts";

type End = "|" | "#" | ">";

/** What comes at a time, 0 to 1, and whether something is new in it. */
type Marble = readonly [at: number, text: string, isNew?: boolean];

interface Diagram {
  readonly says: string;
  readonly input: readonly Marble[];
  readonly inputEnd: readonly [at: number, end: End];
  readonly output: readonly Marble[];
  readonly outputEnd: readonly [at: number, end: End];
}

const diagrams: Readonly<Record<HookName, Diagram>> = {
  admit: {
    says: "a session: pass it on, perhaps later, or complete without it to reject it",
    input: [[0.1, "session"]],
    inputEnd: [0.25, "|"],
    output: [[0.5, "session"]],
    outputEnd: [0.65, "|"],
  },
  resolve: {
    says: "the addresses of an upstream's name: cache them, pin them, serve stale ones",
    input: [[0.3, "10.0.0.1"]],
    inputEnd: [0.45, "|"],
    output: [[0.3, "10.0.0.9", true]],
    outputEnd: [0.45, "|"],
  },
  connect: {
    says: "an attempt at the upstream: each subscription tries the next endpoint",
    input: [],
    inputEnd: [0.25, "#"],
    output: [[0.62, "leg", true]],
    outputEnd: [0.78, "|"],
  },
  fromClient: {
    says: "chunks from the client: change, hold, drop, add",
    input: [
      [0.1, "he"],
      [0.35, "llo"],
      [0.6, "!"],
    ],
    inputEnd: [0.8, "|"],
    output: [
      [0.1, "HE", true],
      [0.35, "LLO", true],
      [0.6, "!"],
    ],
    outputEnd: [0.8, "|"],
  },
  fromUpstream: {
    says: "chunks from the upstream: the same, the other way",
    input: [
      [0.15, "card 12"],
      [0.45, "34 ok"],
    ],
    inputEnd: [0.8, "|"],
    output: [
      [0.15, "card "],
      [0.45, "**** ok", true],
    ],
    outputEnd: [0.8, "|"],
  },
  exchange: {
    says: "one HTTP response, its header first: route, rewrite, retry, answer by itself",
    input: [[0.3, "200"]],
    inputEnd: [0.45, "|"],
    output: [[0.3, "200 + x-via", true]],
    outputEnd: [0.45, "|"],
  },
};

const ROW = 118;
const [left, right] = [190, 760];
const at = (share: number): number => left + 20 + share * (right - left - 40);

/** Each hook as a marble diagram: what it is given above, what it makes of it below. */
export function hooksPicture(colors: Palette): Canvas {
  const canvas = new Canvas(800, 30 + hookNames.length * ROW, colors, "The six hooks, each with what it is given and what it makes of it");
  for (const [row, name] of hookNames.entries()) draw(canvas, 20 + row * ROW, name);
  return canvas;
}

function draw(canvas: Canvas, top: number, name: HookName): void {
  const { says, input, inputEnd, output, outputEnd } = diagrams[name];
  const { client, young, faint } = canvas.colors;
  canvas.text(16, top + 40, name, { mono: true, bold: true, size: 16 });
  canvas.text(16, top + 60, name === "exchange" ? "behind http()" : "", { size: 12, fill: faint });
  canvas.text(left, top + 12, says, { size: 13, fill: faint });
  canvas.time(top + 38, left, at(inputEnd[0]), inputEnd[1]);
  for (const [share, text] of input) canvas.marble(at(share), top + 38, text, client);
  canvas.time(top + 80, left, at(outputEnd[0]), outputEnd[1]);
  for (const [share, text, isNew = false] of output) canvas.marble(at(share), top + 80, text, isNew ? young : client);
}
