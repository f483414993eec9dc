/** What a chain knows of one of its stages. */
interface KnownStage<Exit> {
  readonly plugin: string | undefined;
  readonly exit?: Exit | undefined;
}

/** The plugins of a chain's stages, and the places where their chunks go on. Sessions with the same plugins have the same ones, and share the arrays. */
export class Layout<Exit> {
  readonly plugins: readonly (string | undefined)[];
  readonly exits: readonly (Exit | undefined)[];

  private constructor(steps: readonly KnownStage<Exit>[]) {
    this.plugins = steps.map(({ plugin }) => plugin);
    this.exits = steps.map(({ exit }) => exit);
  }

  /** @param entry the place where chunks reach the first stage: the layout of the last chain there is used again, if it is the same */
  static of<Exit>(steps: readonly KnownStage<Exit>[], entry: { layout: Layout<Exit> | undefined } | undefined): Layout<Exit> {
    if (entry?.layout?.fits(steps) === true) return entry.layout;
    const layout = new Layout(steps);
    if (entry !== undefined) entry.layout = layout;
    return layout;
  }

  private fits(steps: readonly KnownStage<Exit>[]): boolean {
    const { plugins, exits } = this;
    return plugins.length === steps.length && steps.every(({ plugin, exit }, at) => plugin === plugins[at] && exit === exits[at]);
  }
}
