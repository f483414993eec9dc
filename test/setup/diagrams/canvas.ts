/** What a side of a picture is drawn with: pages are light or dark, pictures see-through. */
export interface Palette {
  readonly ink: string;
  readonly faint: string;
  readonly paper: string;
  readonly client: string;
  readonly old: string;
  readonly young: string;
  readonly bad: string;
}

export const palettes: Readonly<Record<"light" | "dark", Palette>> = {
  light: { ink: "#1f2328", faint: "#818b98", paper: "#f6f8fa", client: "#0969da", old: "#bc4c00", young: "#1a7f37", bad: "#cf222e" },
  dark: { ink: "#e6edf3", faint: "#7d8590", paper: "#161b22", client: "#4493f8", old: "#f0883e", young: "#3fb950", bad: "#f85149" },
};

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly mono?: boolean;
  readonly bold?: boolean;
}

/** Draws an SVG from left to right, in pixels. */
export class Canvas {
  readonly #parts: string[] = [];

  constructor(
    readonly width: number,
    readonly height: number,
    readonly colors: Palette,
    private readonly title: string,
  ) {}

  text(x: number, y: number, text: string, style: TextStyle = {}): this {
    const { size = 14, fill = this.colors.ink, anchor = "start", mono = false, bold = false } = style;
    const family = mono ? "ui-monospace, Menlo, Consolas, monospace" : "system-ui, -apple-system, Segoe UI, sans-serif";
    return this.#add(
      `<text x="${x}" y="${y}" font-family="${family}" font-size="${size}"${bold ? ' font-weight="600"' : ""} fill="${fill}" text-anchor="${anchor}">${escaped(text)}</text>`,
    );
  }

  line(from: readonly [number, number], to: readonly [number, number], color = this.colors.faint, dashed = false): this {
    return this.#add(
      `<line x1="${from[0]}" y1="${from[1]}" x2="${to[0]}" y2="${to[1]}" stroke="${color}" stroke-width="1.6"${dashed ? ' stroke-dasharray="5 4"' : ""}/>`,
    );
  }

  /** A line with a head at its end. */
  arrow(from: readonly [number, number], to: readonly [number, number], color = this.colors.faint): this {
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const corner = (turn: number): string =>
      `${(to[0] - 9 * Math.cos(angle + turn)).toFixed(1)},${(to[1] - 9 * Math.sin(angle + turn)).toFixed(1)}`;
    return this.line(from, to, color).#add(`<polygon points="${to[0]},${to[1]} ${corner(0.42)} ${corner(-0.42)}" fill="${color}"/>`);
  }

  box(x: number, y: number, size: readonly [number, number], color = this.colors.faint): this {
    const [width, height] = size;
    return this.#add(
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${this.colors.paper}" stroke="${color}" stroke-width="1.6"/>`,
    );
  }

  /** A box with words in its middle. */
  label(place: readonly [x: number, y: number, width: number, height: number], words: readonly string[], color = this.colors.faint): this {
    const [x, y, width, height] = place;
    this.box(x, y, [width, height], color);
    const top = y + height / 2 + 5 - (words.length - 1) * 9;
    for (const [at, word] of words.entries())
      this.text(x + width / 2, top + at * 18, word, { anchor: "middle", mono: at === 0, size: at === 0 ? 14 : 12.5 });
    return this;
  }

  /** A value on a marble diagram. */
  marble(x: number, y: number, text: string, color: string): this {
    const width = Math.max(28, 12 + text.length * 8.2);
    return this.#add(
      `<rect x="${x - width / 2}" y="${y - 14}" width="${width}" height="28" rx="14" fill="${this.colors.paper}" stroke="${color}" stroke-width="2"/>`,
    ).text(x, y + 5, text, { anchor: "middle", mono: true, size: 13 });
  }

  /** The time of an Observable: `|` completes it, `#` ends it with an error. */
  time(y: number, from: number, to: number, end: "|" | "#" | ">" = ">"): this {
    if (end === ">") return this.arrow([from, y], [to, y]);
    this.line([from, y], [to, y]);
    if (end === "|") return this.line([to, y - 12], [to, y + 12], this.colors.ink);
    return this.line([to - 8, y - 8], [to + 8, y + 8], this.colors.bad).line([to - 8, y + 8], [to + 8, y - 8], this.colors.bad);
  }

  toString(): string {
    const { width, height } = this;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">\n<title>${escaped(this.title)}</title>\n${this.#parts.join("\n")}\n</svg>\n`;
  }

  #add(part: string): this {
    this.#parts.push(part);
    return this;
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
